import { formatBytes } from "../../base/bytes.ts"
import { WindfallError } from "../../protocol/errors.ts"
import type { JobSpec } from "../../protocol/job.ts"
import type { PackBlob } from "../../workspace/pack.ts"
import type { ScannedTree } from "../../workspace/scanned-tree.ts"
import type { Cli } from "../cli.ts"
import { commandText } from "../render/job-text.ts"
import { countText, printable } from "../render/table.ts"
import { printJson } from "../say.ts"
import { environmentText } from "./environment.ts"
import { reasonText } from "./left-out-text.ts"
import type { SendingFolder } from "./sending-folder.ts"
import { biggestFolderLines, travellingFiles } from "./travelling.ts"

/** Says what a send would do. Changes nothing here or there; works without a server too, which then cannot be asked. */
export async function dryRun(
  cli: Cli,
  draft: JobSpec,
  folder: SendingFolder | undefined,
  json: boolean,
): Promise<number> {
  const scanned = await folder?.scan()
  if (scanned !== undefined) await folder?.sayUnmatched(scanned)
  const missing = scanned === undefined || folder === undefined ? [] : await whatTravels(folder, scanned)
  if (json) {
    await printJson(cli, {
      type: "dry_run",
      spec: { ...draft, workspace: scanned?.root ?? null },
      files: scanned?.files ?? 0,
      bytes: scanned?.bytes ?? 0,
      travels: missing === undefined || scanned === undefined ? null : travellingFiles(scanned, missing),
      leftOut: scanned?.leftOut ?? [],
    })
    return 0
  }
  const lines = [`command: ${commandText(draft.command)}`]
  if (draft.environment !== null) lines.push(`environment: ${environmentText(draft.environment)}`)
  if (scanned === undefined) lines.push("folder: none travels")
  else {
    lines.push(`folder: ${printable(scanned.folder)}: ${countText(scanned.files)}, ${formatBytes(scanned.bytes)}`)
    if (missing === undefined) lines.push("travels: unknown, as no server can be asked")
    else {
      const { files, bytes } = travellingFiles(scanned, missing)
      lines.push(
        files === 0
          ? "travels: nothing, the server has it all"
          : `travels: ${countText(files)}, ${formatBytes(bytes)}${hasAllOf(scanned, missing) ? "" : "; the server has the rest"}`,
      )
    }
    lines.push(...biggestFolderLines(scanned, missing))
    lines.push(scanned.leftOut.length === 0 ? "left out: nothing" : "left out:")
    for (const one of scanned.leftOut) {
      const rule = one.why === "ignored" ? `${one.source}: ${one.rule}` : reasonText(one)
      lines.push(`  ${printable(one.kind === "folder" ? `${one.path}/` : one.path)}  (${printable(rule)})`)
    }
  }
  await cli.stdout.write(`${lines.join("\n")}\n`)
  return 0
}

/** Whether every file's bytes travel. Files with the same bytes travel once, so counting them does not tell. */
function hasAllOf(scanned: ScannedTree, missing: readonly PackBlob[]): boolean {
  const travels = new Set(missing.map(({ hash }) => hash))
  return scanned.sources.keys().every((hash) => travels.has(hash))
}

async function whatTravels(folder: SendingFolder, scanned: ScannedTree): Promise<readonly PackBlob[] | undefined> {
  try {
    return await folder.missing(scanned)
  } catch (error) {
    if (error instanceof WindfallError && (error.code === "server_unreachable" || error.code === "not_logged_in"))
      return undefined
    throw error
  }
}
