import { formatDuration } from "../../base/duration.ts"
import type { JobHint } from "../../protocol/api.ts"
import type { MessageId } from "../../protocol/ids.ts"
import type { NotifyBody } from "../../protocol/notify-api.ts"
import type { JobRecord } from "../../store/job-record.ts"
import type { LentWords, NotifyFacts, OutboxRecord } from "../../store/notify-record.ts"
import type { Core } from "../core.ts"
import { hintsIn } from "../jobs/hints-of.ts"
import { lastLines } from "../logs/last-lines.ts"
import { whyWaits } from "../queue/why.ts"

const LINES = 15
const LINE_CHARACTERS = 200
/** Looked through for known errors. */
const LINES_FOR_HINTS = 60

/** What a target is told: the facts as they were, and of the job's output what is there now. */
export async function composeMessage(core: Core, { id, facts }: OutboxRecord, dropped: number): Promise<NotifyBody> {
  if (facts.reason === "lent") return lentMessage(id, facts, dropped)
  const job = core.table.get(facts.job)
  const printed = await linesOf(core, facts)
  const hints = facts.reason === "failed" ? hintsIn(core, job, printed) : []
  const lines = printed.slice(-LINES).map(cutLine)
  const title = titleOf(facts)
  const next = nextOf(facts, job)
  const details = [detailOf(core, facts), ...hints.flatMap(hintText)]
  if (dropped > 0) details.push(`${dropped} earlier ${dropped === 1 ? "message" : "messages"} could not be sent`)
  return {
    type: `job.${facts.reason}`,
    timestamp: new Date(facts.at).toISOString(),
    data: {
      message: id,
      title,
      text: [title, ...details, ...lines.map((line) => `  ${line}`), next].filter((line) => line !== "").join("\n"),
      job: {
        id: facts.job,
        name: facts.name,
        user: facts.user,
        state: facts.state,
        cause: facts.cause,
        exitCode: facts.exitCode,
        signal: facts.signal,
        reason: facts.words,
      },
      host: facts.host,
      forMs: facts.forMs,
      lines,
      hints,
      next,
      dropped,
    },
  }
}

/** What an owner is told each Monday. */
function lentMessage(id: MessageId, { at, host, line }: LentWords, dropped: number): NotifyBody {
  const next = "windfall mac status"
  const nothing = { job: null, forMs: null, lines: [], hints: [] }
  return {
    type: "host.lent",
    timestamp: new Date(at).toISOString(),
    data: { message: id, title: line, text: `${line}\n${next}`, ...nothing, host, next, dropped },
  }
}

/** What `windfall notify test` sends. */
export function testMessage(core: Core, id: MessageId): NotifyBody {
  const title = "Windfall can reach you here"
  const text = `${title}\nYou are told here what becomes of your jobs, as windfall notify show says`
  const nothing = { job: null, host: null, forMs: null, lines: [], hints: [], next: null, dropped: 0 }
  return {
    type: "test",
    timestamp: new Date(core.clock.now()).toISOString(),
    data: { message: id, title, text, ...nothing },
  }
}

/** Output is nobody's to count on here: without it the message still says what happened. */
async function linesOf(core: Core, { job, attempt, reason }: NotifyFacts): Promise<string[]> {
  if (attempt === null || reason === "waiting") return []
  try {
    const isComplete = core.table.get(job).attempts.find(({ number }) => number === attempt)?.logComplete === true
    return await lastLines(core.logs.read(job, attempt, isComplete), LINES_FOR_HINTS)
  } catch (error) {
    core.report(`Cannot read the output of job ${job} for a message`, error)
    return []
  }
}

function cutLine(line: string): string {
  return line.length > LINE_CHARACTERS ? `${line.slice(0, LINE_CHARACTERS - 1).toWellFormed()}…` : line
}

function titleOf({ reason, job, name, host, state }: NotifyFacts): string {
  const title = name === null ? `job ${job}` : `job ${job} (${name})`
  const on = host === null ? "" : ` on ${host}`
  switch (reason) {
    case "done":
      return `${title} is done${on}`
    case "failed":
      return `${title} ${state === "cancelled" ? "was stopped" : state === "timed_out" ? "ran out of time" : "failed"}${on}`
    case "stalled":
      return `${title} seems to stand still${on}`
    case "vacated":
      return `${title} had to leave ${host ?? "its host"} and waits again`
    case "waiting":
      return `${title} still waits`
  }
}

function detailOf(core: Core, facts: NotifyFacts): string {
  const time = facts.forMs === null ? "" : formatDuration(Math.max(0, facts.forMs))
  switch (facts.reason) {
    case "done":
      return time === "" ? "" : `after ${time}`
    case "failed":
    case "vacated":
      return `${endOf(facts)}${time === "" ? "" : `, after ${time}`}${facts.words === null ? "" : `: ${facts.words}`}`
    case "stalled":
      return `no output, and hardly any CPU used, for ${time}`
    case "waiting": {
      const why = whyWaits(core, core.table.get(facts.job), true)?.summary
      return `for ${time}${why === undefined ? "" : `: ${why}`}`
    }
  }
}

function endOf({ cause, exitCode, signal }: NotifyFacts): string {
  if (cause === "exited" && exitCode !== null) return `exit code ${exitCode}`
  if (cause === "signalled" && signal !== null) return `signal ${signal}`
  return cause === null ? "ended" : cause.replaceAll("_", " ")
}

function hintText({ meaning, fix }: JobHint): string[] {
  return [meaning, `  ${fix}`]
}

function nextOf({ reason, job: id }: NotifyFacts, job: JobRecord): string {
  switch (reason) {
    case "done":
      return job.outputs?.state === "ready" ? `windfall get ${id}` : `windfall show ${id}`
    case "failed":
      return job.array === undefined ? `windfall logs ${id}` : `windfall show ${id}`
    case "stalled":
      return `windfall shell ${id}`
    case "vacated":
    case "waiting":
      return `windfall why ${id}`
  }
}
