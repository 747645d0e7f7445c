import type { JobId } from "../../protocol/ids.ts"
import type { QueueEntry, QueuePlan } from "./queue-plan.ts"
import { entryText } from "./reason-text.ts"

/** A job of which two plans say something else. */
export interface PlanChange {
  readonly job: JobId
  /** What each says of it; of an array of its first tasks. `null`: nothing. */
  readonly before: QueueEntry | null
  readonly after: QueueEntry | null
  readonly words: string
}

/**
 * What another plan of the same moment changes for each job: its place, when and where it starts, whom it preempts, why it waits. In the order of the
 * second.
 * @param nameOf of a host
 */
export function comparePlans(
  before: QueuePlan,
  after: QueuePlan,
  nameOf: (host: string) => string,
): readonly PlanChange[] {
  const [old, next] = [firstOf(before), firstOf(after)]
  const changes: PlanChange[] = []
  for (const [job, to] of next) {
    const from = old.get(job) ?? null
    const words = from === null ? "is planned for" : changeText(from, to, after.nowMs, nameOf)
    if (words !== "") changes.push({ job, before: from, after: to, words })
  }
  for (const [job, from] of old) {
    if (!next.has(job)) changes.push({ job, before: from, after: null, words: "is not planned for" })
  }
  return changes
}

function firstOf({ entries }: QueuePlan): ReadonlyMap<JobId, QueueEntry> {
  const first = new Map<JobId, QueueEntry>()
  for (const entry of entries) if (!first.has(entry.job)) first.set(entry.job, entry)
  return first
}

function changeText(from: QueueEntry, to: QueueEntry, nowMs: number, nameOf: (host: string) => string): string {
  const parts: string[] = []
  if (from.place !== to.place) parts.push(`place ${from.place ?? "none"} -> ${to.place ?? "none"}`)
  const [was, is] = [from, to].map((entry) => entryText(entry, nowMs, nameOf))
  if (was !== is) parts.push(`${was} -> ${is}`)
  return parts.join("; ")
}
