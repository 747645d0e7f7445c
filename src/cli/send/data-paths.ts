import type { JobSpec } from "../../protocol/job.ts"
import { dataPathTaken } from "../../protocol/job-data.ts"
import type { IgnoreRules } from "../../workspace/ignore-rules.ts"
import { fs, path } from "../builtin.ts"

/**
 * Looks whether something of the folder that travels lies where a job's data is to be seen: known before it is scanned. What
 * stays home is not in the way. The server looks again, at what has really come.
 * @throws {WindfallError} invalid_input
 */
export function checkDataPaths({ data }: Pick<JobSpec, "data">, rules: Pick<IgnoreRules, "root" | "explain">): void {
  for (const wanted of data) {
    const parts = wanted.path.split("/")
    for (const [i, part] of parts.entries()) {
      const folder = path.join(rules.root, ...parts.slice(0, i))
      // By the names themselves: a disk that takes "Data" for "data" would say it is there.
      if (!fs.readdirSync(folder).includes(part)) break
      const stat = fs.lstatSync(path.join(folder, part), { throwIfNoEntry: false })
      const kind = stat?.isDirectory()
        ? "folder"
        : stat?.isFile()
          ? "file"
          : stat?.isSymbolicLink()
            ? "link"
            : undefined
      if (kind === undefined) break
      if (kind === "folder" && i < parts.length - 1) continue
      const what = parts.slice(0, i + 1).join("/")
      if (rules.explain(what) !== undefined) break
      throw dataPathTaken(wanted, what, kind)
    }
  }
}
