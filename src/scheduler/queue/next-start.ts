import type { HostId } from "../../protocol/ids.ts"
import { Eligibility } from "./eligible.ts"
import { entryOf } from "./entry-of.ts"
import { LeastNeeds, OpenHosts } from "./least-needs.ts"
import { type Line, Lines } from "./line.ts"
import { ANY_NUMBER, type MostKept, untilNothingIsGivenUp } from "./most-kept.ts"
import { QueuePass } from "./queue-pass.ts"
import type { QueueEntry } from "./queue-plan.ts"
import type { QueueScene } from "./queue-scene.ts"
import { Standings } from "./standings.ts"

/** After so many it is looked at how late it is. */
const LINES_AT_ONCE = 32

/** The queue in its order, to be kept until jobs come or go, or priorities have moved on. */
export interface QueueOrder {
  readonly standings: Standings
  readonly lines: readonly Line[]
  readonly least: LeastNeeds
}

export function orderQueue(scene: QueueScene, nowMs: number): QueueOrder {
  const standings = new Standings(scene.policy)
  const ready = new Eligibility(scene, nowMs).ready()
  const lines = new Lines(scene, standings, nowMs).inOrder(ready)
  return { standings, lines, least: new LeastNeeds(lines) }
}

/**
 * The first start of the plan, without the rest of it: for when something has ended and all else was planned already. The same job and hosts
 * as the first start that `planQueue` decides, as long as `order` is what it would be now, and owners could start nothing before on hosts that are not in
 * `freed`. It looks no further down the queue than to that start, or to where no host has room for anything further down.
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
 * The same one by one, each as soon as it is found.
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
  const { standings, lines } = order
  const walkOf = (mostKept: MostKept, lastOfSeveral: number) => {
    const pass = new QueuePass(scene, standings, nowMs, lines, mostKept)
    return { pass, starts: startsIn(pass, order, { freed, goesOn, lastOfSeveral }) }
  }
  const lastOfSeveral = lines.findLastIndex(({ spec }) => spec.partitions.length > 1)
  if (lastOfSeveral === -1) return yield* walkOf(ANY_NUMBER, lastOfSeveral).starts
  // What starts is known only once nothing is given up any more.
  const told = untilNothingIsGivenUp((mostKept) => {
    const { pass, starts } = walkOf(mostKept, lastOfSeveral)
    const entries: QueueEntry[] = []
    for (;;) {
      const next = starts.next()
      if (next.done === true) return { pass, entries, goesOn: next.value }
      entries.push(next.value)
    }
  })
  if (told.goesOn) yield* told.entries
  return told.goesOn
}

interface Walk {
  readonly freed: ReadonlySet<HostId> | null
  readonly goesOn: () => boolean
  /** The last line of a job in several partitions; -1: there is none. */
  readonly lastOfSeveral: number
}

function* startsIn(
  pass: QueuePass,
  { lines, least }: QueueOrder,
  { freed, goesOn, lastOfSeveral }: Walk,
): Generator<QueueEntry, boolean> {
  const { scene } = pass
  let decisions = 0
  if (scene.policy.owners.first) {
    const ofFreed = freed && new Set(scene.hosts.flatMap(({ id, owner }) => (freed.has(id) ? (owner ?? []) : [])))
    // Those of the others start nothing before their turn, but have times on their own hosts.
    for (const isFreed of ofFreed === null ? [true] : [true, false]) {
      for (const [at, line] of lines.entries()) {
        if (pass.own.isOver) break
        if (at % LINES_AT_ONCE === 0 && !goesOn()) return false
        const { user } = line.standing
        if (!pass.own.concerns(user) || (ofFreed !== null && ofFreed.has(user) !== isFreed)) continue
        for (const found of pass.ownTurns.visit(line, at)) {
          const entry = entryOf(pass.scene, line, found, at + 1, ++decisions, true)
          if (beginsIn(entry)) yield entry
        }
      }
    }
  }
  const open = new OpenHosts(scene, pass.calendar.profiles, least)
  for (const [at, line] of lines.entries()) {
    // Whoever may preempt needs no room.
    if (at > lastOfSeveral && !pass.mayMakeRoom && !open.takeAnyFrom(at)) return true
    if (at % LINES_AT_ONCE === 0 && !goesOn()) return false
    for (const found of lastOfSeveral === -1 ? pass.visit(line, at) : pass.look(line, at)) {
      if (found.room === null) continue
      const entry = entryOf(pass.scene, line, found, at + 1, ++decisions)
      if (beginsIn(entry)) yield entry
    }
  }
  return true
}

/** Who waits for some that are on their way out already has nothing to be done for it. */
function beginsIn({ state, preempts }: QueueEntry): boolean {
  return state === "start" || preempts.length > 0
}
