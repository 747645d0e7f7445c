import { formatDuration } from "../../base/duration.ts"
import type { JobId } from "../../protocol/ids.ts"
import { BY_NUMBER, type JobNames } from "../job-names.ts"
import { limitText } from "../limits/limit-words.ts"
import { lackingText } from "./lacking-pieces.ts"
import type { NotSuspended, Preemption, QueueEntry, WaitReason } from "./queue-plan.ts"

const HELD: Readonly<Record<Extract<WaitReason, { code: "held" }>["by"], string>> = {
  user: "held by its user",
  admin: "held by an administrator",
  copy: "held: the server's database is an older copy, and it may have run already",
}

/** Why a job does not start now, in one sentence without its end. */
export function reasonText(reason: WaitReason, nowMs: number, nameOf: JobNames = BY_NUMBER): string {
  const inTime = (ms: number) => `in ${formatDuration(Math.max(0, ms - nowMs))}`
  switch (reason.code) {
    case "held":
      return HELD[reason.by]
    case "begin_time":
      return `not to begin before its time, ${inTime(reason.untilMs)}`
    case "not_before":
      return `its next try is ${inTime(reason.untilMs)}`
    case "checkpoint_coming":
      return `what its last attempt wrote is on its way, ${formatDuration(Math.max(0, reason.untilMs - nowMs))} more at most unless more of it comes`
    case "dependency": {
      const until = reason.untilMs === null ? "" : `, ${inTime(reason.untilMs)} at the earliest`
      return `waits for ${numbered(reason.on)}${until}`
    }
    case "dependency_never":
      return `what it depends on cannot come about any more: ${numbered(reason.because)}`
    case "deadline":
      return reason.deadlineMs <= nowMs
        ? "its deadline is over"
        : `it could not end before its deadline, ${inTime(reason.deadlineMs)}${
            reason.limitMs === Number.POSITIVE_INFINITY ? ": it has no time limit" : ""
          }`
    case "not_allowed":
      return reason.text
    case "limit": {
      const [first, ...more] = reason.hits
      const never = first?.lasting === true ? "; as it stands it will never start" : ""
      return `${first === undefined ? "a limit" : limitText(first)}${never}${more.length > 0 ? `; and ${more.length} more` : ""}`
    }
    case "array_limit":
      return `its array may have ${reason.atOnce} ${reason.atOnce === 1 ? "task" : "tasks"} running at a time`
    case "booking_to_come":
      return `its booking ${reason.booking} begins ${inTime(reason.untilMs)}`
    case "booking_over":
      return `its booking ${reason.booking} is over, or will be before it may begin`
    case "booking_full":
      return `there will be no room for it while its booking ${reason.booking} is on, as far ahead as is planned`
    case "never_fits":
      if (reason.lacking !== undefined) return lackingText(reason.lacking)
      if (reason.isNoPool === true) return "no host has joined the pool yet"
      return reason.asked === 1
        ? "no host that it may use could ever run it"
        : `${reason.possible} of the ${reason.asked} hosts it asks for at once could ever run it`
    case "resources":
      if (reason.away === undefined) return "too little room now on the hosts it could use"
      return `too little room now on the ${reason.taking} of ${reason.possible} hosts it could use that ${reason.taking === 1 ? "takes" : "take"} jobs; ${reason.away}`
    case "priority":
      return "there is room now, but it would delay those before it in the queue"
    case "rules_forbid":
      return `the rules of hosts (who, keep_memory) forbid it as they are now${reason.asked === 1 ? "" : `: ${reason.possible} of the ${reason.asked} hosts it asks for at once may run it`}`
    case "pieces":
      return `all ${reason.names.join(" and ")} in use`
    case "in_turn":
      return reason.because === "strict"
        ? `job ${nameOf(reason.ahead)} stands before it, and nobody passes who waits`
        : `job ${nameOf(reason.ahead)} stands before it, and so far down the queue nobody passes who waits`
    case "preempting":
      return `starts when ${preemptedText(reason.jobs, reason.suspended, nameOf)}, ${inTime(reason.untilMs)} at the latest`
    default:
      return reason.away
  }
}

/** What was decided for a job, and why, in one line. */
export function entryText(
  entry: QueueEntry,
  nowMs: number,
  hostName: (host: string) => string,
  nameOf: JobNames = BY_NUMBER,
): string {
  const hosts = entry.hosts.map(hostName).join(", ")
  const reason = entry.reason === null ? "" : reasonText(entry.reason, nowMs, nameOf)
  if (entry.state === "start") {
    const first =
      entry.preempts.length === 0 ? "" : `, once ${numbered(entry.preempts.map(({ job }) => nameOf(job)))} made room`
    return `starts now on ${hosts}${first}`
  }
  const when = entry.startMs === null ? "" : `in ${formatDuration(entry.startMs - nowMs)} on ${hosts}`
  if (entry.state === "reserved") return `reserved ${when}: ${reason}${behindText(entry, nameOf)}`
  return entry.estimate ? `waits: ${reason}; about ${when}` : `waits: ${reason}`
}

/** What is said behind the reason of who cannot be told how late it starts, though it has a time; empty for others. */
export function behindText(entry: Pick<QueueEntry, "job" | "behind">, nameOf: JobNames = BY_NUMBER): string {
  return entry.behind === null ? "" : `; how late nobody can say, as ${beforeText(entry, nameOf)}`
}

/** Why nobody can say how late it starts; to be asked where `behind` says so. */
export function beforeText({ job, behind }: Pick<QueueEntry, "job" | "behind">, nameOf: JobNames): string {
  if (behind === job) return "which jobs and tasks go elsewhere may change as each begins"
  return `job ${behind === null ? "" : nameOf(behind)} before it has no time yet and may go first`
}

const NOT_SUSPENDED: Readonly<Record<NotSuspended, string>> = {
  stopped: "it is stopped for another job, which goes on",
  memory: "its memory would not leave room",
  pieces: "it would keep what the job needs of the pool's licences",
  booking: "it would not be over before a booking of its host begins",
  several_hosts: "it runs on several hosts",
  secrets: "of the two users' jobs one has secrets",
}

export function preemptionText(
  { mode, by, notSuspended, ...one }: Preemption,
  nowMs: number,
  nameOf: JobNames = BY_NUMBER,
): string {
  const right = by === "owner" ? "it is the owner's Mac" : by === "tier" ? "by its partition's tier" : "by its QOS"
  const graceMs = one.graceEndsMs - nowMs
  const grace = graceMs > 0 ? `, within ${formatDuration(graceMs)}` : ""
  const instead = notSuspended === null ? "" : `; not suspended, since ${NOT_SUSPENDED[notSuspended]}`
  const words = { suspend: "suspended", requeue: "requeued", cancel: "cancelled" }
  return `${words[mode]} for job ${nameOf(one.for)} (${right})${grace}${instead}`
}

function preemptedText(jobs: readonly JobId[], suspended: readonly JobId[], nameOf: JobNames): string {
  const are = (some: readonly JobId[], what: string) =>
    some.length === 0 ? [] : `${numbered(some.map(nameOf))} ${new Set(some).size === 1 ? "is" : "are"} ${what}`
  const gone = jobs.filter((job) => !suspended.includes(job))
  return [are(suspended, "suspended"), are(gone, "gone")].flat().join(" and ")
}

function numbered(jobs: readonly string[]): string {
  const names = [...new Set(jobs)]
  if (names.every((name) => name === "singleton")) return "others of its name"
  const shown = names.slice(0, 3)
  const more = names.length - shown.length
  const parts = more > 0 ? [...shown, `${more} more`] : shown
  const last = parts.pop() ?? ""
  return `${names.length === 1 ? "job" : "jobs"} ${parts.length === 0 ? last : `${parts.join(", ")} and ${last}`}`
}
