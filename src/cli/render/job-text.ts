import { formatBytes } from "../../base/bytes.ts"
import { formatDuration } from "../../base/duration.ts"
import { attemptCount, hostsText, membersOf } from "../../protocol/attempt-members.ts"
import type { AttemptView, JobView } from "../../protocol/job.ts"
import { jobNumber } from "../../protocol/job-array.ts"
import { exitCodeOf, isFinal } from "../../protocol/job-state.ts"
import { arrayEndText, arrayStandingText } from "./array-text.ts"
import { printable } from "./table.ts"

/** "job 12", "job 12 (train)", "job 17_5". */
export function jobTitle(job: Pick<JobView, "id" | "spec" | "task">): string {
  const number = jobNumber(job)
  return job.spec.name === null ? `job ${number}` : `job ${number} (${job.spec.name})`
}

/** The command as one line that a shell would read the same way. */
export function commandText(command: readonly string[]): string {
  if (command.length === 0) return "(login shell)"
  return command.map((word) => (/^[\w./:=+@%,-]+$/.test(word) ? word : quoteWord(word))).join(" ")
}

function quoteWord(word: string): string {
  const clean = printable(word)
  return clean === word ? `'${word.replaceAll("'", "'\\''")}'` : `$'${clean.replaceAll("'", "\\'")}'`
}

/** Of an attempt on several hosts the member that has most to tell: one that is stopped, else one out of contact, else the main one. */
export function latestAttempt(job: JobView): AttemptView | undefined {
  const members = membersOf(job)
  const isSilent = ({ outOfContactSince, state }: AttemptView) => outOfContactSince !== null && state !== "ended"
  return members.find(({ suspended }) => suspended != null) ?? members.find(isSilent) ?? members[0]
}

/** One phrase on where a job stands that has not ended. */
export function standingText(job: JobView, now: number): string {
  if (job.array !== undefined && job.state !== "held") return arrayStandingText(job, job.array)
  const attempt = latestAttempt(job)
  const on = attempt === undefined ? "" : ` on ${attempt.suspended == null ? hostsText(job) : attempt.hostName}`
  if (attempt?.outOfContactSince != null && !isFinal(job.state) && job.state !== "queued") {
    return `out of contact with ${attempt.hostName} for ${formatDuration(Math.max(0, now - attempt.outOfContactSince))}`
  }
  switch (job.state) {
    case "queued": {
      const place = job.place === null ? "" : `, place ${job.place}`
      return `queued${place}${job.reason === null ? "" : `: ${printable(job.reason)}`}`
    }
    case "starting":
      // What it waits for names the host itself.
      return `starting${job.reason === null ? on : `: ${printable(job.reason)}`}`
    case "held":
      return `held${job.reason === null ? "" : `: ${printable(job.reason)}`}`
    case "running": {
      const leaves = job.reason === null ? "" : `, ${printable(job.reason)}`
      return `running${on}${attempt?.startedAt == null ? "" : ` for ${formatDuration(ranSoFarMs(attempt, now))}`}${leaves}`
    }
    case "suspended": {
      if (attempt?.suspended == null) return `suspended${on}`
      const { since, text } = attempt.suspended
      return `suspended${on} for ${formatDuration(Math.max(0, now - since))}: ${printable(text)}`
    }
    default:
      return `${job.state.replace("_", " ")}${on}${job.reason === null ? "" : `: ${printable(job.reason)}`}`
  }
}

/** For how long an attempt has run, what it was stopped for somebody's sake not counted. Of a server before that was told, all. */
export function ranSoFarMs({ startedAt, endedAt, suspended, suspendedMs }: AttemptView, now: number): number {
  const until = endedAt ?? suspended?.since ?? now
  return Math.max(0, until - (startedAt ?? until) - (suspendedMs ?? 0))
}

const ON_HOST: ReadonlySet<JobView["state"]> = new Set(["starting", "running", "suspended"])

/** Of a job on a host that cannot be reached, what becomes of a stop; else `undefined`. */
export function keptStopText(job: JobView, now: number): string | undefined {
  const attempt = latestAttempt(job)
  if (attempt?.outOfContactSince == null || !ON_HOST.has(job.state)) return undefined
  const silent = formatDuration(Math.max(0, now - attempt.outOfContactSince))
  return `${attempt.hostName} has been out of contact for ${silent}: the stop is kept, and carried out when it is back`
}

/** What a stop came to, as far as it is known at once: the job as it is after that was asked. */
export function stoppedText(job: JobView, now: number): string {
  if (job.array !== undefined) return arrayStandingText(job, job.array)
  if (!isFinal(job.state)) {
    const kept = keptStopText(job, now)
    if (kept !== undefined) return `stopping; ${kept}. Give it up now: windfall stop ${job.id} --now`
    if (job.state !== "finishing") return `stopping, ${standingText(job, now)}`
    return "its command had ended; what had not come of its files and output is given up"
  }
  const { outputs } = job
  const givenUp = outputs?.state === "lost" && outputs.problem !== undefined ? `; no files: ${outputs.problem}` : ""
  return verdictText(job) + printable(givenUp)
}

const SHORT_MS = 100

/** How long a command ran. Times are kept in whole milliseconds, and no command takes none. */
export function ranText(ms: number): string {
  return ms < SHORT_MS ? "under 0.1 s" : formatDuration(ms)
}

const SHOWN_GLOBS = 5

/** "--output 'res/*' matched nothing": said, as it may be a slip of the finger. */
export function unmatchedText({ outputs }: JobView): string | undefined {
  const globs = outputs?.unmatched ?? []
  if (globs.length === 0) return undefined
  const more = globs.length > SHOWN_GLOBS ? ` and ${globs.length - SHOWN_GLOBS} more` : ""
  return `--output ${commandText(globs.slice(0, SHOWN_GLOBS))}${more} matched nothing`
}

/** One sentence on what became of a job: how it ended, after how long, where, why, and its memory. */
export function endText(job: JobView): string {
  if (job.array !== undefined) return arrayEndText(job, job.array)
  const attempt = latestAttempt(job)
  const { what, why } = verdictParts(job)
  let sentence = `${jobTitle(job)} ${what}`
  const ran = attempt?.startedAt != null && attempt.endedAt !== null ? ranSoFarMs(attempt, attempt.endedAt) : null
  if (ran !== null) sentence += ` ${job.state === "succeeded" || ran < SHORT_MS ? "in" : "after"} ${ranText(ran)}`
  if (attempt !== undefined) sentence += ` on ${hostsText(job)}`
  const parts = [sentence + why]
  if (attempt?.peakMemoryBytes != null) {
    const { memoryBytes } = job.spec.resources
    const asked = memoryBytes === null ? "" : ` of ${formatBytes(memoryBytes)}`
    parts.push(`peak memory ${formatBytes(attempt.peakMemoryBytes)}${asked}`)
  }
  if (attemptCount(job) > 1) parts.push(`attempt ${attemptCount(job)}`)
  const unmatched = unmatchedText(job)
  if (unmatched !== undefined) parts.push(unmatched)
  return parts.join("; ")
}

type Verdict = Pick<JobView, "state" | "cause" | "exitCode" | "signal" | "reason" | "spec" | "standing">

/** "succeeded", "failed with exit code 3", "was stopped", "was cancelled (preempted)", "failed (start_failed): ...". */
export function verdictText(job: Verdict): string {
  const { what, why } = verdictParts(job)
  return what + why
}

/** What happened, and the reason where the cause alone does not say it, with a colon before it. */
function verdictParts(job: Verdict): { readonly what: string; readonly why: string } {
  const why = job.reason === null ? "" : `: ${printable(job.reason)}`
  switch (job.cause) {
    case null:
      return { what: job.state.replace("_", " "), why: "" }
    case "exited":
      return {
        what: job.state === "succeeded" ? "succeeded" : `failed with exit code ${job.exitCode ?? "unknown"}`,
        // Of several hosts it says whose exit code that is.
        why: job.spec.gang === undefined ? "" : why,
      }
    case "signalled":
      return { what: `was ended by ${signalText(job.signal)}`, why: "" }
    case "time_limit": {
      const { timeLimitMs = job.spec.timeLimitMs } = job.standing ?? {}
      const limit = timeLimitMs === null ? "" : ` of ${formatDuration(timeLimitMs)}`
      return { what: `reached its time limit${limit}`, why: "" }
    }
    case "cancelled":
      return { what: "was stopped", why: "" }
    case "out_of_memory":
      return { what: "ran out of memory", why }
    default:
      // Its state, in a word: who was cancelled for another job's sake did not fail.
      return { what: `${ENDED[job.state] ?? "failed"} (${job.cause})`, why }
  }
}

const ENDED: { readonly [State in JobView["state"]]?: string } = { cancelled: "was cancelled", timed_out: "timed out" }

/** Those that have the same number on macOS and Linux: what a host runs is not known here. */
const SIGNALS: Readonly<Record<number, string>> = {
  1: "SIGHUP",
  2: "SIGINT",
  3: "SIGQUIT",
  4: "SIGILL",
  5: "SIGTRAP",
  6: "SIGABRT",
  8: "SIGFPE",
  9: "SIGKILL",
  11: "SIGSEGV",
  13: "SIGPIPE",
  14: "SIGALRM",
  15: "SIGTERM",
  24: "SIGXCPU",
  25: "SIGXFSZ",
}

function signalText(signal: number | null): string {
  const name = signal === null ? undefined : SIGNALS[signal]
  return name === undefined ? `signal ${signal ?? "unknown"}` : `signal ${signal} (${name})`
}

/** The exit code of `send`, `attach`, `wait`, `rerun` for a job that ended. */
export function jobExitCode(job: Pick<JobView, "cause" | "exitCode" | "signal">): number {
  return job.cause === null ? 125 : exitCodeOf({ cause: job.cause, exitCode: job.exitCode, signal: job.signal })
}
