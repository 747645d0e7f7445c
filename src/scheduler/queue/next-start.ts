import type { HostId } from "../../protocol/ids.ts"
import { ANY_NUMBER, type MostKept, untilNothingIsGivenUp } from "./most-kept.ts"
import type { QueueOrder } from "./order-queue.ts"
import { QueuePass } from "./queue-pass.ts"
import type { QueueEntry } from "./queue-plan.ts"
import type { QueueScene } from "./queue-scene.ts"
import { ended, StartsWalk } from "./starts-walk.ts"

/**
 * The first start of the plan, without the rest of it: for when something has ended and all else was planned already. The same job and hosts
 * as the first start that `planQueue` decides (of those for whom room was made before, the first by when that was to be had), as long as `order`
 * is what it would be now, and owners could start nothing before on hosts that are not in `freed`. It looks no further down the queue than to that
 * start, or to where no host has room for anything further down.
 */
export function nextStart(
  scene: QueueScene,
  order: QueueOrder,
  nowMs: number,
  freed: ReadonlySet<HostId>,
): QueueEntry | null {
  for (const entry of startsOf(scene, order, nowMs, freed)) if (entry.state === "start") return entry
  return null
}

/**
 * All starts and preemptions of the plan, without times and reasons for who waits: the same jobs, hosts and victims as in `planQueue`, as long as
 * `order` is what it would be now. It stops where no host has room for anything further down. Places (`place`) count lines, and decisions those that could be looked at.
 */
export function planStarts(scene: QueueScene, order: QueueOrder, nowMs: number): readonly QueueEntry[] {
  return [...startsOf(scene, order, nowMs)]
}

/**
 * The same one by one, each as soon as it is found. Where something may be given up at a turn to come, none before the end: only then is it known what starts.
 * @param freed hosts where owners may start something; `null`: all
 * @param goesOn asked now and then; where it says no, that is all for now. What was found until then stands
 * @returns whether it was looked for as far as there may be any
 */
export function* startsOf(
  scene: QueueScene,
  order: QueueOrder,
  nowMs: number,
  freed: ReadonlySet<HostId> | null = null,
  goesOn: () => boolean = () => true,
): Generator<QueueEntry, boolean> {
  const walkOf = (mostKept: MostKept) => new StartsWalk(new QueuePass(scene, order, nowMs, mostKept), order, goesOn)
  const first = walkOf(ANY_NUMBER)
  const isWhole = yield* first.first(freed)
  const { sure } = first
  if (isWhole && !first.mayGiveUp) {
    yield* first.found.slice(sure)
    return yield* first.inTurn()
  }
  const told = untilNothingIsGivenUp((mostKept) => {
    const walk = mostKept === ANY_NUMBER ? first : walkOf(mostKept)
    const goesOn = walk === first ? isWhole : ended(walk.first(freed))
    return { pass: walk.pass, entries: walk.found, goesOn: goesOn && ended(walk.inTurn()) }
  })
  if (told.goesOn) {
    const known = new Set(first.found.slice(0, sure).map(taskOf))
    for (const entry of told.entries) if (!known.has(taskOf(entry))) yield entry
  }
  return told.goesOn
}

function taskOf({ job, task }: QueueEntry): string {
  return `${job} ${task}`
}
