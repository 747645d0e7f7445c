import type { WhyAnswer } from "../protocol/api.ts"
import type { JobId } from "../protocol/ids.ts"
import { BY_NUMBER, type JobNames } from "./job-names.ts"
import type { Obstacle } from "./obstacle.ts"
import { describeObstacle, toTell } from "./obstacle-text.ts"
import type { SchedulableHost, Snapshot, WaitingJob } from "./snapshot.ts"
import { summarize } from "./summary.ts"
import { type WaitReasons, waitReasons } from "./wait-reasons.ts"

/** Why a job waits, host by host, as `windfall why` shows it; `undefined` when it is not in the snapshot's queue. */
export function explain(
  snapshot: Snapshot,
  nowMs: number,
  job: JobId,
  nameOf: JobNames = BY_NUMBER,
): WhyAnswer | undefined {
  for (const reasons of waitReasons(snapshot, nowMs, job)) return toAnswer(reasons, nowMs, nameOf)
  return undefined
}

/** The same for the whole queue in its order, in one pass: for lists. Each answer is worked out when it is asked for. */
export function* explainQueue(snapshot: Snapshot, nowMs: number, nameOf: JobNames = BY_NUMBER): Generator<WhyAnswer> {
  for (const reasons of waitReasons(snapshot, nowMs)) yield toAnswer(reasons, nowMs, nameOf)
}

/** What speaks for a host. */
function dataThere({ data }: WaitingJob, host: SchedulableHost): string[] {
  const names = data.filter(({ root }) => root !== null && host.data.has(root)).map(({ name }) => name)
  return names.length === 0 ? [] : [`it has the data ${names.join(" and ")}`]
}

/** Of leases nobody knows: they are told in words as what they end within. */
function untilOf(obstacle: Obstacle | undefined): number | null {
  return obstacle !== undefined && "until" in obstacle ? obstacle.until : null
}

function toAnswer(reasons: WaitReasons, nowMs: number, nameOf: JobNames): WhyAnswer {
  const { job, place } = reasons
  const mayStart = !reasons.isThrottled && (job.notBeforeMs ?? nowMs) <= nowMs
  const hosts = reasons.hosts.map(({ host, obstacles }) => ({
    host: host.id,
    name: host.name,
    code: obstacles[0]?.code ?? "has_room",
    text: [
      toTell(obstacles)
        .map((obstacle) => describeObstacle(obstacle, host, job, nowMs, mayStart && obstacles.length === 1, nameOf))
        .join("; ") || "has room",
      ...dataThere(job, host),
    ].join("; "),
    until: untilOf(obstacles[0]),
  }))
  return { job: job.id, place, ...summarize(reasons, nowMs, nameOf), hosts }
}
