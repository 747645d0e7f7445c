import { formatBytes } from "../../base/bytes.ts"
import type { SubmitBatchRequest } from "../../protocol/api.ts"
import { WindfallError } from "../../protocol/errors.ts"
import type { JobSpec } from "../../protocol/job.ts"
import type { JobPreview, JobPreviews } from "../../protocol/job-preview.ts"
import { shownTarget } from "../../protocol/notify-target.ts"
import type { PackBlob } from "../../workspace/pack.ts"
import type { ScannedTree } from "../../workspace/scanned-tree.ts"
import type { Cli } from "../cli.ts"
import { commandText } from "../render/job-text.ts"
import { countText, printable } from "../render/table.ts"
import { printJson } from "../say.ts"
import { environmentText } from "./environment.ts"
import { reasonText } from "./left-out-text.ts"
import type { JobDraft } from "./submit-drafts.ts"
import { travelNotes, withFolder } from "./travel-note.ts"
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
  const request: SubmitBatchRequest = { specs: jobs.map(({ spec }) => spec) }
  const answer = await ifReached(() => cli.client.ask<JobPreviews>("/v1/jobs/preview", request))
  for (const [i, job] of jobs.entries()) await sayJob(cli, job, answer?.jobs[i])
  return 0
}

async function sayJob(cli: Cli, { spec: draft, folder, json }: DryJob, preview: JobPreview | undefined): Promise<void> {
  const scanned = await folder?.scan()
  if (scanned !== undefined) await folder?.sayUnmatched(scanned)
  const missing = scanned === undefined || folder === undefined ? [] : await ifReached(() => folder.missing(scanned))
  const whole = scanned === undefined ? draft : withFolder(draft, scanned)
  const travel = preview === undefined ? [] : await travelNotes(cli, [whole])
  if (json) {
    await printJson(cli, {
      type: "dry_run",
      spec: { ...draft, workspace: scanned?.root ?? null, notify: shownNotify(draft) },
      files: scanned?.files ?? 0,
      bytes: scanned?.bytes ?? 0,
      travels: missing === undefined || scanned === undefined ? null : travellingFiles(scanned, missing),
      overWifi: travel[0] ?? null,
      leftOut: scanned?.leftOut ?? [],
      data: preview?.data ?? null,
      hosts: preview?.hosts ?? null,
    })
    return
  }
  const lines = [`command: ${commandText(draft.command)}`]
  if (draft.array !== undefined) {
    const { readArrayTasks } = await import("../../scheduler/request/array-tasks.ts")
    const { count, atOnce } = readArrayTasks(draft.array)
    lines.push(
      `array: ${draft.array}: ${count} task${count === 1 ? "" : "s"}${atOnce === null ? "" : `, ${atOnce} at a time`}`,
    )
  }
  if (draft.environment !== null) lines.push(`environment: ${environmentText(draft.environment)}`)
  lines.push(...dataLines(draft, preview))
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
    lines.push(...travel.map((text) => `note: ${printable(text)}`))
    lines.push(...biggestFolderLines(scanned, missing))
    lines.push(scanned.leftOut.length === 0 ? "left out: nothing" : "left out:")
    for (const one of scanned.leftOut) {
      const rule = one.why === "ignored" ? `${one.source}: ${one.rule}` : reasonText(one)
      lines.push(`  ${printable(one.kind === "folder" ? `${one.path}/` : one.path)}  (${printable(rule)})`)
    }
  }
  if (preview === undefined) lines.push("could run: unknown, as no server can be asked")
  else {
    lines.push(`could run: ${printable(preview.summary)}`)
    // Of one host the line above has said it all.
    for (const { name, text } of preview.hosts) {
      if (preview.summary !== `${name}: ${text}`) lines.push(`  ${name}: ${printable(text)}`)
    }
  }
  await cli.stdout.write(`${lines.join("\n")}\n`)
}

/** What data the job would see, and where that lies. */
function dataLines({ data }: JobSpec, preview: JobPreview | undefined): string[] {
  if (preview === undefined) return data.map(({ name, path }) => `data: ${name} at ${printable(path)}`)
  return preview.data.map(({ name, path, version, bytes, hosts }) => {
    const what = version === null ? name : `${name} version ${version}, ${formatBytes(bytes)},`
    const where = hosts.length === 0 ? "on no host yet: it travels" : `on ${hosts.join(", ")}`
    return `data: ${what} at ${printable(path)}; ${where}`
  })
}

/** Without what is secret in an address. */
function shownNotify({ notify }: JobSpec): JobSpec["notify"] {
  return notify === null ? null : { ...notify, targets: notify.targets?.map(shownTarget) ?? null }
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
