import type { JobId } from "../../protocol/ids.ts"
import type { ExpectedStart } from "../../protocol/queue-order.ts"
import { BY_NUMBER, type JobNames } from "../job-names.ts"
import { planQueue } from "./plan-queue.ts"
import type { QueueEntry } from "./queue-plan.ts"
import type { QueueJob, QueueScene } from "./queue-scene.ts"
import { beforeText } from "./reason-text.ts"
import { usedUp } from "./used-up.ts"

/**
 * When a job is expected to start, as a range: the one end if all that runs now ended at once, the other by the plan, in which all takes its whole
 * time limit. Neither counts jobs that are still to come.
 * @param entry what the plan with estimates says of it
 */
export function expectedStart(
  scene: QueueScene,
  nowMs: number,
  entry: QueueEntry,
  nameOf: JobNames = BY_NUMBER,
): ExpectedStart {
  const isAwaited = entry.reason?.code === "checkpoint_coming"
  const clear = withoutRunning(isAwaited ? asIfItCame(scene, entry.job) : scene)
  const first = planQueue(clear, nowMs, { estimates: true, limited: true, untried: true }).entries.find(
    ({ job }) => job === entry.job,
  )
  const begins = toCome(entry)
  if (begins !== null && entry.startMs === null && begins - nowMs >= scene.policy.backfill.windowMs) {
    const rests = `${notBeforeText(entry)}how late nobody can say, as that is farther ahead than is planned`
    return { from: begins, to: null, hosts: [], estimate: true, rests }
  }
  const job = scene.waiting.find(({ id }) => id === entry.job)
  const used = job === undefined || entry.startMs !== null ? null : usedUp(scene, job, first?.reason ?? null, nowMs)
  if (used !== null) return onceFaded(used.untilMs, first?.startMs ?? null)
  const planned = entry.startMs
  const to = entry.behind === null ? planned : null
  const from = planned === null ? (first?.startMs ?? null) : Math.min(planned, first?.startMs ?? planned)
  const names = new Map(scene.hosts.map(({ id, name }) => [id, name]))
  const hosts = (planned === null ? (first?.hosts ?? []) : entry.hosts).map((id) => names.get(id) ?? id)
  return {
    from,
    to,
    hosts,
    estimate: entry.estimate || (planned === null && from !== null),
    ...(from === null && neverText(entry) !== null ? { none: true } : {}),
    rests: restsOn(scene, nowMs, { from, to }, entry, nameOf),
  }
}

/** Of who waits for a limit that what was used meets alone. @param firstMs when it could start but for that; `null`: never, as things are */
function onceFaded(untilMs: number | null, firstMs: number | null): ExpectedStart {
  const none = { from: null, to: null, hosts: [] }
  if (untilMs === null)
    return {
      ...none,
      estimate: false,
      none: true,
      rests: "by that limit it never starts: what was used does not fade so far",
    }
  if (firstMs === null)
    return { ...none, estimate: false, rests: "no host that could run it is to be had as things are" }
  const rests =
    "not before what was used is below its limit again, if nothing more is charged there; how late nobody can say, as it waits for a limit"
  return { ...none, from: Math.max(untilMs, firstMs), estimate: true, rests }
}

function restsOn(
  scene: QueueScene,
  nowMs: number,
  { from, to }: Pick<ExpectedStart, "from" | "to">,
  entry: QueueEntry,
  nameOf: JobNames,
): string {
  const { running } = scene
  const never = neverText(entry)
  if (never !== null && (from === null || entry.reason?.code === "limit")) return never
  if (from === null && to === null) {
    const inTheWay = isForOwnersUse(scene, nowMs, entry)
      ? ": what programs of Macs' owners hold of the memory is in the way"
      : ""
    return `no host that could run it is to be had as things are${inTheWay}`
  }
  const endless = running.filter(({ limitMs, leavesMs }) => limitMs === null && leavesMs === null).map(({ job }) => job)
  const latest =
    to === null
      ? entry.behind !== null
        ? `how late nobody can say, as ${beforeText(entry, nameOf)}`
        : entry.reason?.code === "checkpoint_coming"
          ? "how late nobody can say, as more of that may come"
          : isLimited(entry)
            ? "how late nobody can say, as it waits for a limit"
            : `how late nobody can say${endless.length === 0 ? "" : `, as ${jobsText(endless, nameOf)} no time limit`}`
      : "the latest if all jobs take their whole time limit"
  const guess = entry.estimate ? "; nothing is kept for it yet" : ""
  return `${notBeforeText(entry)}the earliest if all that runs now ended at once, ${latest}; jobs that come before it later are not counted${guess}`
}

/** What that was said of it, or is no more there, keeps it from ever starting; `null`: nothing. */
function neverText({ reason }: QueueEntry): string | null {
  if (reason?.code === "limit" && reason.hits[0]?.lasting === true) return "by that limit it never starts"
  return reason?.code === "not_allowed" ? `as long as ${reason.text}` : null
}

/** When its time comes that is all it waits for. */
function toCome({ reason }: QueueEntry): number | null {
  const isKnown = reason?.code === "booking_to_come" || reason?.code === "begin_time" || reason?.code === "not_before"
  return isKnown ? reason.untilMs : null
}

function notBeforeText({ reason }: QueueEntry): string {
  if (reason?.code === "checkpoint_coming") return "as soon as what its last attempt wrote has come; "
  if (reason?.code === "not_before") return "not before its next try; "
  if (reason?.code === "booking_to_come") return `not before its booking ${reason.booking} begins; `
  return reason?.code === "begin_time" ? "not before its begin time; " : ""
}

function asIfItCame(scene: QueueScene, id: JobId): QueueScene {
  const come = ({ awaits: _, ...job }: QueueJob): QueueJob => ({ ...job, beginMs: null })
  return { ...scene, waiting: scene.waiting.map((job) => (job.id === id ? come(job) : job)) }
}

/** As if it were gone in this very moment: on the grid it would be there to the end of the step. It counts against no limit then, nor as a task that runs. */
function withoutRunning(scene: QueueScene): QueueScene {
  const waiting = scene.waiting.map((job) =>
    job.array === null ? job : { ...job, array: { ...job.array, running: 0 } },
  )
  return { ...scene, waiting, running: [] }
}

/** Whether it would have a time if nobody but jobs used the memory of hosts. */
function isForOwnersUse(scene: QueueScene, nowMs: number, { job }: QueueEntry): boolean {
  if (scene.hosts.every(({ memoryNowBytes }) => memoryNowBytes === undefined)) return false
  const hosts = scene.hosts.map(({ memoryNowBytes: _, ...host }) => host)
  const plan = planQueue({ ...withoutRunning(scene), hosts }, nowMs, { estimates: true, limited: true, untried: true })
  return plan.entries.some((one) => one.job === job && one.startMs !== null)
}

function isLimited({ reason }: QueueEntry): boolean {
  return reason?.code === "limit" || reason?.code === "array_limit"
}

function jobsText(jobs: readonly JobId[], nameOf: JobNames): string {
  const first = nameOf(jobs[0]!)
  return jobs.length === 1 ? `job ${first} has` : `job ${first} and ${jobs.length - 1} more have`
}
