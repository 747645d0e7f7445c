import { formatBytes } from "../../base/bytes.ts"
import { WindfallError } from "../../protocol/errors.ts"
import type { PackBlob } from "../../workspace/pack.ts"
import type { ScannedTree } from "../../workspace/scanned-tree.ts"
import type { Cli } from "../cli.ts"
import { commandText } from "../render/job-text.ts"
import { countText, printable } from "../render/table.ts"
import { printJson } from "../say.ts"
import { reasonText } from "./left-out-text.ts"
import { checkDrafts, type JobDraft } from "./submit-drafts.ts"
import { biggestFolderLines, travellingFiles } from "./travelling.ts"

/** One job of a dry run. */
export interface DryJob extends JobDraft {
  readonly json: boolean
}

/**
 * Says what a send of these jobs would do. Changes nothing here or there; works without a server too, which then cannot be asked.
 * @throws {WindfallError} what the server would refuse them with
 */
export async function dryRun(cli: Cli, jobs: readonly DryJob[]): Promise<number> {
  await ifReached(() => checkDrafts(cli, jobs))
  for (const job of jobs) await sayJob(cli, job)
  return 0
}

async function sayJob(cli: Cli, { spec: draft, folder, json }: DryJob): Promise<void> {
  const scanned = await folder?.scan()
  if (scanned !== undefined) await folder?.sayUnmatched(scanned)
  const missing = scanned === undefined || folder === undefined ? [] : await ifReached(() => folder.missing(scanned))
  if (json) {
    await printJson(cli, {
      type: "dry_run",
      spec: { ...draft, workspace: scanned?.root ?? null },
      files: scanned?.files ?? 0,
      bytes: scanned?.bytes ?? 0,
      travels: missing === undefined || scanned === undefined ? null : travellingFiles(scanned, missing),
      leftOut: scanned?.leftOut ?? [],
    })
    return
  }
  const lines = [`command: ${commandText(draft.command)}`]
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
}

/** Whether every file's bytes travel. Files with the same bytes travel once, so counting them does not tell. */
function hasAllOf(scanned: ScannedTree, missing: readonly PackBlob[]): boolean {
  const travels = new Set(missing.map(({ hash }) => hash))
  return scanned.sources.keys().every((hash) => travels.has(hash))
}

/** What the server says to something, or `undefined` where none can be asked. */
async function ifReached<Answer>(ask: () => Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await ask()
  } catch (error) {
    if (error instanceof WindfallError && (error.code === "server_unreachable" || error.code === "not_logged_in"))
      return undefined
    throw error
  }
}
