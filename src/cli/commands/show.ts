import { formatBytes } from "../../base/bytes.ts"
import { durationText, formatDuration } from "../../base/duration.ts"
import type { JobHint } from "../../protocol/api.ts"
import { learnedText } from "../../protocol/earlier-runs.ts"
import type { AttemptView, JobView } from "../../protocol/job.ts"
import { jobNumber } from "../../protocol/job-array.ts"
import { isFinal } from "../../protocol/job-state.ts"
import { DEFAULT_MEMORY_BYTES } from "../../protocol/resources.ts"
import { sleptMs } from "../../protocol/sleep.ts"
import type { WarningSignal } from "../../protocol/warning-signal.ts"
import { command } from "../command-line/command.ts"
import { flag } from "../command-line/option.ts"
import { findJob } from "../find-job.ts"
import { hintLines, hintsFor } from "../job-hints.ts"
import { type JobNotice, noticesOf } from "../job-notices.ts"
import { formatTime } from "../render/age.ts"
import { arrayPairs } from "../render/array-text.ts"
import { checkpointText } from "../render/checkpoint-text.ts"
import {
  commandText,
  latestAttempt,
  ranSoFarMs,
  ranText,
  standingText,
  unmatchedText,
  verdictText,
} from "../render/job-text.ts"
import { askedText } from "../render/queue-text.ts"
import { printable, renderPairs, renderTable } from "../render/table.ts"
import { printJson } from "../say.ts"
import { environmentText } from "../send/environment.ts"
import { waitsNow, withWaits } from "../waits-now.ts"

export const show = command({
  name: "show",
  operands: "JOB",
  about: "Shows all about one job: what was asked, where it ran, how it ended. JOB is a number or a name.",
  minimum: 1,
  maximum: 1,
  options: { json: flag("print the job as JSON") },
  examples: [["windfall show 12", "job 12, with each attempt"]],
  async run(cli, options, [typed = ""]) {
    const job = await findJob(cli, typed)
    const [hints, { notices }, now] = await Promise.all([
      hintsFor(cli, job),
      noticesOf(cli.client, job.id),
      waitsNow(cli.client, [job]),
    ])
    const waits = now.get(job.id)
    if (options.json) await printJson(cli, { ...job, hints, notices, ...(waits === undefined ? {} : { waits }) })
    else await cli.stdout.write(jobPage(withWaits(job, waits), cli.clock.now()) + noticeText(notices) + hintText(hints))
    return 0
  },
})

const MOST_NOTICES = 5

function hintText(hints: readonly JobHint[]): string {
  return hints.length === 0 ? "" : `\n${hintLines(hints).join("\n")}\n`
}

/** The latest of what was noted of it. */
function noticeText(notices: readonly JobNotice[]): string {
  const shown = notices.slice(-MOST_NOTICES).map(({ at, message }) => `${formatTime(at)}  ${printable(message)}`)
  return shown.length === 0 ? "" : `\n${shown.join("\n")}\n`
}

/** All of a job for people. */
export function jobPage(job: JobView, now: number): string {
  const { spec, standing } = job
  const limitMs = standing?.timeLimitMs === undefined ? spec.timeLimitMs : standing.timeLimitMs
  const asked = askedText(job, new Intl.DateTimeFormat().resolvedOptions().timeZone)
  const pairs: (readonly [string, string])[] = [
    ["job", jobNumber(job)],
    ...(job.task === undefined ? [] : [["number", `${job.id} (of array ${job.task.array})`] as const]),
    ...arrayPairs(job),
    ...(spec.name === null ? [] : [["name", spec.name] as const]),
    ["user", job.user],
    ["state", stateText(job, now)],
    ["command", spec.command.length === 0 ? "(login shell)" : commandText(spec.command)],
    ["asks for", requestText(job)],
    ...(spec.gang === undefined ? [] : [["hosts", gangText(spec.gang)] as const, ...linkPairs(job)]),
    ["sent", formatTime(job.submittedAt)],
    ...(job.startedAt === null ? [] : [["started", formatTime(job.startedAt)] as const]),
    ...(job.endedAt === null ? [] : [["ended", formatTime(job.endedAt)] as const]),
    ...(limitMs === null ? [] : [["time limit", formatDuration(limitMs)] as const]),
    ...(spec.warning === undefined ? [] : [["warning", warningText(spec.warning, limitMs)] as const]),
    ...(spec.host === null ? [] : [["host", `${spec.host} only`] as const]),
    ["partition", job.standing?.ranAs?.partition ?? spec.queue?.partitions?.join(",") ?? spec.partition],
    ...(asked === "" ? [] : [["queue", asked] as const]),
    ...(spec.workingFolder === "" ? [] : [["folder", spec.workingFolder] as const]),
    ...(Object.keys(spec.env).length === 0 ? [] : [["variables", Object.keys(spec.env).join(", ")] as const]),
    ...(spec.secrets.length === 0 ? [] : [["secrets", spec.secrets.join(", ")] as const]),
    ...(spec.data.length === 0 ? [] : [["data", dataText(job)] as const]),
    // Absent in jobs of an older release.
    ...(spec.environment == null ? [] : [["environment", environmentText(spec.environment)] as const]),
    ["outputs", outputsText(job)],
    ...checkpointText(job).map((text) => ["checkpoint", text] as const),
    ["retry", retryText(job)],
    ...(spec.notify === null ? [] : [["tells", toldText(spec.notify)] as const]),
    ...(spec.git === null ? [] : [["git", gitText(spec.git)] as const]),
  ]
  const attempts = job.attempts.length === 0 ? "" : `\n${attemptTable(job.attempts)}`
  const slept = job.attempts.flatMap(sleptText).map((line) => `\n${line}\n`)
  return renderPairs(pairs) + attempts + slept.join("")
}

function stateText(job: JobView, now: number): string {
  if (!isFinal(job.state)) return standingText(job, now)
  return job.state === "succeeded" ? job.state : `${job.state}: it ${verdictText(job)}`
}

function requestText({ spec: { resources }, learned }: JobView): string {
  const memoryBytes = resources.memoryBytes ?? learned?.leaseBytes ?? DEFAULT_MEMORY_BYTES
  const how = learned === undefined ? "by default" : `not asked for: ${learnedText(learned)}`
  const gpu = resources.gpus === null ? "the GPU where there is one" : `${resources.gpus} GPU`
  return `${formatBytes(memoryBytes)} memory${resources.memoryBytes === null ? ` (${how})` : ""}, ${resources.cores} core${resources.cores === 1 ? "" : "s"}, ${gpu}`
}

/** How the hosts of its latest attempt are linked. */
function linkPairs(job: JobView): (readonly [string, string])[] {
  const link = latestAttempt(job)?.link
  return link === undefined ? [] : [["linked", link]]
}

function gangText({ hosts, onMemberFailure, outputsFrom }: NonNullable<JobView["spec"]["gang"]>): string {
  const failure = onMemberFailure === "end" ? "one that fails ends all" : "one that fails does not end the others"
  return `${hosts} at once; ${failure}; files of ${outputsFrom === "main" ? "rank 0" : "all, each in its folder"} come home`
}

function dataText({ spec }: JobView): string {
  return spec.data
    .map(({ name, path, version }) => `${name}${version === null ? "" : ` version ${version}`} at ${path}`)
    .join(", ")
}

function outputsText(job: JobView): string {
  const which = job.spec.outputs === null ? "all files made or changed" : job.spec.outputs.join(" ")
  if (job.outputs === null) return which
  const { state, files, bytes, problem } = job.outputs
  const text =
    state === "ready"
      ? `${files} file${files === 1 ? "" : "s"}, ${formatBytes(bytes)} (windfall get ${jobNumber(job)})`
      : `${which}: ${state}`
  return [text, problem, unmatchedText(job)].filter((part) => part !== undefined).join("; ")
}

function retryText({ spec: { retry } }: JobView): string {
  if (retry.once) return "never (--once)"
  const silence =
    retry.afterSilenceMs === null || retry.limit === 0
      ? "a silent host is waited for"
      : `a host silent for ${formatDuration(retry.afterSilenceMs)} ends it, and 60 s later it is queued again`
  return `${retry.limit === 0 ? "none" : `up to ${retry.limit}`}; ${silence}`
}

function toldText({ targets, on }: NonNullable<JobView["spec"]["notify"]>): string {
  const who =
    targets === null
      ? "as for all jobs"
      : targets.length === 0
        ? "nobody"
        : `${targets.length} of its own (windfall notify show)`
  return on === null ? who : `${who}, of: ${on.reasons.join(", ")}`
}

function gitText(git: NonNullable<JobView["spec"]["git"]>): string {
  return `${git.commit.slice(0, 12)}${git.branch === null ? "" : ` on ${git.branch}`}${git.dirtyDiff === "" ? "" : ", with uncommitted changes"}`
}

/** Why nothing was heard of it for a while. */
function sleptText({ number, hostName, sleeps = [] }: AttemptView): string[] {
  const last = sleeps.at(-1)
  if (last === undefined) return []
  const times = sleeps.length === 1 ? "" : `, ${sleeps.length} times`
  const from = `${sleeps.length === 1 ? "from" : "the last time from"} ${formatTime(last.from)} to ${formatTime(last.to)}`
  return [
    `While attempt ${number} ran, ${hostName} slept for ${formatDuration(sleptMs(sleeps))}${times} (lid or sleep), ${from}`,
  ]
}

/** What it was stopped for people at its host. */
function stoppedText({ suspended, suspendedMs }: AttemptView): string {
  if (suspended != null) return `stopped since ${formatTime(suspended.since)}: ${suspended.text}`
  return suspendedMs === undefined || suspendedMs === 0 ? "" : `(stopped for ${formatDuration(suspendedMs)})`
}

function attemptTable(attempts: readonly AttemptView[]): string {
  const isGang = attempts.some(({ rank }) => rank !== undefined)
  return renderTable(
    [
      { title: "ATTEMPT", right: true },
      ...(isGang ? [{ title: "RANK", right: true }] : []),
      { title: "HOST" },
      { title: "STATE" },
      { title: "RAN", right: true },
      { title: "PEAK", right: true },
      { title: "OUTPUT", right: true },
      { title: "END" },
    ],
    attempts.map((one) => [
      String(one.number),
      ...(isGang ? [String(one.rank ?? 0)] : []),
      one.hostName,
      one.outOfContactSince !== null && one.state !== "ended" ? `${one.state} (silent)` : one.state,
      one.startedAt !== null && one.endedAt !== null ? ranText(ranSoFarMs(one, one.endedAt)) : "-",
      one.peakMemoryBytes === null ? "-" : formatBytes(one.peakMemoryBytes),
      formatBytes(one.stdoutBytes + one.stderrBytes),
      [stoppedText(one), one.cause ?? "", one.exitCode ?? one.signal ?? "", one.message ?? ""]
        .filter((part) => part !== "")
        .join(" "),
    ]),
  )
}

function warningText({ signal, beforeMs, commandOnly }: WarningSignal, limitMs: number | null): string {
  const whom = commandOnly ? " to the command alone" : ""
  return `${signal}${whom}, ${durationText(beforeMs)} before its time limit${limitMs === null ? ", of which it has none now" : ""}`
}
