/** Whether what `--include` names can travel at all: a slip of the finger there costs a whole run without its data. */
import { closest } from "../../base/closest.ts"
import { WindfallError } from "../../protocol/errors.ts"
import { neverTravels } from "../../workspace/built-in-rules.ts"
import type { IgnoreRules } from "../../workspace/ignore-rules.ts"
import { fs, path } from "../builtin.ts"
import { printable } from "../render/table.ts"

/**
 * Checks what is named. What a glob matches, only the scan tells.
 * @throws {WindfallError} file_not_found for what is not there, invalid_input for what never travels or lies behind a link
 */
export function checkIncluded({ root, includes }: Pick<IgnoreRules, "root" | "includes">): void {
  for (const at of [...includes.paths, ...includes.globs]) checkMayTravel(at)
  for (const at of includes.paths) checkIsThere(root, at)
}

function checkMayTravel(at: string): void {
  const never = at.split("/").find(neverTravels)
  if (never !== undefined) {
    throw new WindfallError("invalid_input", `Cannot include ${printable(at)}: ${printable(never)} never travels`, {
      hint:
        never === ".git"
          ? "Commit, branch and what is not committed are recorded with the job. What else it needs of git, let it clone."
          : "What is made for one machine is of no use on another. Let the job make it on the host.",
    })
  }
}

function checkIsThere(root: string, at: string): void {
  const cannot = `Cannot include ${printable(at)}:`
  let folder = root
  for (const name of at.split("/")) {
    const kind = fs.lstatSync(folder)
    if (kind.isSymbolicLink()) {
      const link = path.relative(root, folder)
      throw new WindfallError(
        "invalid_input",
        `${cannot} ${printable(link)} is a link, and nothing behind it travels`,
        {
          hint: "Name what it points to, if that lies in the folder that is sent.",
        },
      )
    }
    // By the names themselves: a disk that takes "Data" for "data" would say it is there, and no rule would match it.
    const names = kind.isDirectory() ? fs.readdirSync(folder) : []
    if (!names.includes(name)) throw notThere(cannot, root, folder, name, names)
    folder = path.join(folder, name)
  }
}

function notThere(cannot: string, root: string, folder: string, name: string, names: readonly string[]): WindfallError {
  const near = closest(name, names)
  const meant = near === undefined ? undefined : path.relative(root, path.join(folder, near))
  return new WindfallError("file_not_found", `${cannot} there is no ${printable(name)} in ${printable(folder)}`, {
    hint:
      meant === undefined
        ? "Paths are meant from the top of the folder that is sent."
        : `Did you mean ${printable(meant)}?`,
  })
}
