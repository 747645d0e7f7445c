import { formatBytes } from "../../base/bytes.ts"
import { attemptCount } from "../../protocol/attempt-members.ts"
import { toWindfallError, type WindfallError } from "../../protocol/errors.ts"
import type { JobView } from "../../protocol/job.ts"
import { isFinal } from "../../protocol/job-state.ts"
import { cameHomeTo } from "../came-home.ts"
import type { Cli } from "../cli.ts"
import { askYes } from "../prompt.ts"
import { forgetJob } from "../remembered.ts"
import { homecomingNotes, homecomingText } from "../render/homecoming-text.ts"
import { endText, jobExitCode, jobTitle } from "../render/job-text.ts"
import { printable } from "../render/table.ts"
import type { FollowEnd } from "./follow-job.ts"
import type { JobSink } from "./job-sink.ts"
import { orLoginLost } from "./login-lost.ts"

/** More than this does not come home unasked. */
const ASK_BYTES = 1024 ** 3
const WINDFALL_FAILED = 125
/** 128 + SIGHUP, 128 + SIGPIPE: what a shell reports for a command that one of these ended. */
const HUNG_UP = 129
const UNREAD = 141

export interface ConcludeOptions {
  readonly sink: JobSink
  /** Where the files belong; `null`: they stay on the server. */
  readonly home: {
    readonly into: string
    readonly yes: boolean
    /** Notes the job for later commands, when this one ends before the job. */
    readonly remember: () => void
  } | null
}

/** Brings the files home, says what became of the job, and returns the exit code. */
export async function conclude(cli: Cli, end: FollowEnd, options: ConcludeOptions): Promise<number> {
  const { sink } = options
  const { job } = end
  if (end.kind === "settled") {
    if (job.array === undefined) return concludeSettled(cli, job, options)
    return (await import("./conclude-array.ts")).concludeArray(cli, job, options)
  }
  options.home?.remember()
  let exitCode: number
  if (end.kind !== "detached") {
    const error = toWindfallError(orLoginLost(end.error, `follow job ${job.id}`), `follow job ${job.id}`)
    // The server is there, and says no: nothing was followed.
    if (error.code === "not_allowed") throw error
    await sink.say(error.message, { always: true })
    if (end.kind === "server_lost" && isFinal(job.state)) return concludeUnseen(job, sink)
    exitCode = WINDFALL_FAILED
    const next = end.kind === "unwritten" ? "Watch it again" : whenBack(error)
    await sink.say(`${jobTitle(job)} goes on without you watching. ${next}: windfall attach ${job.id}`, {
      always: true,
    })
  } else {
    exitCode = end.why === "asked" ? 0 : end.why === "hangup" ? HUNG_UP : UNREAD
    await sink.say(`detached; ${jobTitle(job)} goes on. Watch it again: windfall attach ${job.id}`)
  }
  await sink.event(leftEvent(job, exitCode))
  return exitCode
}

/** The last event of a command that ends before its job does. */
export function leftEvent(job: JobView, exitCode: number) {
  return { type: "end", exitCode, state: job.state, cause: job.cause, detached: true, job }
}

function whenBack({ code }: WindfallError): string {
  return code === "login_lost" ? "Log in again (windfall login URL), then" : "When the server is back"
}

/** How the job ended is known, but not all it printed and made has come: never a success. */
async function concludeUnseen(job: JobView, sink: JobSink): Promise<number> {
  const exitCode = jobExitCode(job) || WINDFALL_FAILED
  const rest = `not all of its output has come: windfall logs ${job.id}   its files: windfall get ${job.id}`
  await sink.say(`${endText(job)}; ${rest}`, { always: true })
  await sink.event({ type: "end", exitCode, state: job.state, cause: job.cause, detached: false, job })
  return exitCode
}

const LOST_WITH_HOST = "they are lost with the host"

async function concludeSettled(cli: Cli, job: JobView, { sink, home }: ConcludeOptions): Promise<number> {
  let exitCode = jobExitCode(job)
  const parts = [endText(job)]
  // What a program reads must not pass for whole; a person has seen the gap told.
  const missingBytes = cli.stdout.isTerminal || exitCode !== 0 ? 0 : sink.missingBytes(attemptCount(job))
  if (missingBytes > 0) {
    exitCode = WINDFALL_FAILED
    parts.push(`${formatBytes(missingBytes)} of its standard output were not kept, so this ends with ${exitCode}`)
  }
  const { outputs } = job
  /** Files that somebody counts on did not come: that is no progress which -q keeps back. */
  let isWarning = outputs?.state === "lost"
  if (outputs?.state === "lost") {
    exitCode ||= WINDFALL_FAILED
    parts.push(`its files could not be had: ${outputs.problem ?? LOST_WITH_HOST}`)
  } else if (outputs?.problem !== undefined) await sink.say(outputs.problem, { always: true })
  if (outputs?.state === "ready" && outputs.files > 0) {
    const files = `${outputs.files} file${outputs.files === 1 ? "" : "s"} (${formatBytes(outputs.bytes)})`
    const before = home === null ? cameHomeTo(cli.settings, cli.client.url, job.id) : undefined
    const waiting = home === null ? "" : await whyNotHome(cli, job, home.yes, sink)
    if (before !== undefined) parts.push(`${files} came home before: ${printable(before)}`)
    else if (home === null || waiting !== undefined) {
      home?.remember()
      isWarning = waiting !== undefined && waiting !== ""
      parts.push(`${files} ${waitVerb(outputs.files)}${waiting}: windfall get ${job.id}`)
    } else {
      try {
        const { bringOutputs } = await import("../bring/bring-outputs.ts")
        const came = await bringOutputs(cli, job, home.into, (text) => sink.say(text))
        parts.push(homecomingText(came))
        for (const line of homecomingNotes(came, job.id)) await sink.say(line, { always: true })
        if (exitCode === 0 && came.lost.length > 0) exitCode = WINDFALL_FAILED
        await sink.event({ type: "files", job: job.id, ...came })
      } catch (thrown) {
        const error = toWindfallError(thrown, `bring the files of job ${job.id} home`)
        home.remember()
        if (exitCode === 0) exitCode = WINDFALL_FAILED
        await sink.say(error.message, { always: true })
        if (error.hint !== undefined) await sink.say(error.hint, { always: true })
        parts.push(`${files} ${waitVerb(outputs.files)}: windfall get ${job.id}`)
      }
    }
  }
  if (outputs?.state !== "ready" || outputs.files === 0) forgetJob(cli.settings, cli.client.url, job.id)
  await sink.say(parts.join("; "), { always: isWarning || missingBytes > 0 })
  await endWithHints(cli, job, sink, exitCode)
  return exitCode
}

/** The last words, and the last event: what a failed job's output means. */
async function endWithHints(cli: Cli, job: JobView, sink: JobSink, exitCode: number): Promise<void> {
  const hints = job.state === "failed" ? await import("../job-hints.ts") : undefined
  const found = (await hints?.hintsFor(cli, job)) ?? []
  for (const line of hints?.hintLines(found) ?? []) await sink.say(line)
  await sink.event({ type: "end", exitCode, state: job.state, cause: job.cause, detached: false, hints: found, job })
}

function waitVerb(files: number): string {
  return files === 1 ? "waits" : "wait"
}

/** Why the files wait, to be put behind that they do; `undefined` when they shall come home. */
async function whyNotHome(cli: Cli, job: JobView, yes: boolean, sink: JobSink): Promise<string | undefined> {
  const bytes = job.outputs?.bytes ?? 0
  if (bytes <= ASK_BYTES || yes) return undefined
  if (!cli.isInteractive) {
    return `, as that is more than ${formatBytes(ASK_BYTES)} and --yes was not given`
  }
  await sink.clear()
  const isWanted = await askYes(cli, `windfall: job ${job.id} made ${formatBytes(bytes)} of files. Bring them here?`)
  return isWanted ? undefined : ""
}
