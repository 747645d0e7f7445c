import { AsPlanned } from "./as-planned.ts"
import type { QueueEntry, QueuePlan } from "./queue-plan.ts"
import type { QueueJob, QueueScene } from "./queue-scene.ts"

/** Jobs that wait, counted in each plan that is made for it: with more no farther moment is looked at. */
const MOST_LOOKS = 300

type Planned = Pick<QueuePlan, "entries" | "nextWakeMs">
type Plan = (scene: QueueScene, nowMs: number) => Planned

/**
 * Which of the times that are told firmly would come to be later though all went on as planned. What jobs in several partitions have, or owners' jobs that go
 * elsewhere, may be otherwise in a later plan, as what they have at one turn rests on what others have at another: so those plans are made, one after the other.
 * And who is planned after others' ends may come to preempt them sooner, also as soon as they have begun; where QOS preempt in no order, who stands before whom may
 * hang on a third that starts meanwhile.
 * @param ready all that stands in the queue, of arrays with the tasks that do
 * @param first the plan of this moment
 * @param plan what is planned at a later one
 */
export function laterThanTold(
  scene: QueueScene,
  ready: readonly QueueJob[],
  first: Planned,
  nowMs: number,
  plan: Plan,
): ReadonlySet<QueueEntry> {
  if (ready.length > MOST_LOOKS) return new Set()
  const { owners, preemption } = scene.policy
  const mayPreempt = preemption.by !== "off" || (owners.first && owners.preempt)
  // Whether a plan comes before or after the start of one that may be preempted is the server's chance.
  const ways = mayPreempt ? [false, true] : [false]
  return new Set(ways.flatMap((isAtOnce) => laterBy(new AsPlanned(scene, ready, nowMs, isAtOnce), scene, first, plan)))
}

function laterBy(ahead: AsPlanned, { policy }: QueueScene, first: Planned, plan: Plan): readonly QueueEntry[] {
  const later = new Set<QueueEntry>()
  // What others make room for is kept.
  const isFirm = ({ state, behind, estimate, preempts }: QueueEntry) =>
    state === "reserved" && behind === null && !estimate && preempts.length === 0
  const firm = new Set(first.entries.filter(isFirm))
  const { gridMs } = policy.backfill
  let now = first
  for (let looks = 0; firm.size > 0; ) {
    if (!ahead.goOn(now)) break
    looks += ahead.scene.waiting.length
    if (looks > MOST_LOOKS) break
    now = plan(ahead.scene, ahead.nowMs)
    const byJob = Map.groupBy(now.entries, ({ job }) => job)
    for (const told of firm) {
      const has = byJob.get(told.job)?.find(({ task }) => task === null || task === told.task)
      // Within its minute it is in time: all goes from one minute to another.
      const inTimeMs = Math.ceil(told.startMs! / gridMs) * gridMs
      // Between two times of its booking nothing is planned for it.
      if (has?.reason?.code === "booking_to_come" && has.reason.untilMs <= inTimeMs) continue
      if (has === undefined || (has.startMs ?? Number.POSITIVE_INFINITY) > inTimeMs) later.add(told)
      if (has === undefined || has.state === "start" || later.has(told)) firm.delete(told)
    }
  }
  return [...later]
}
