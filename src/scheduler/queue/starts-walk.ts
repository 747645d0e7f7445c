import type { HostId } from "../../protocol/ids.ts"
import { entryOf } from "./entry-of.ts"
import { OpenHosts } from "./least-needs.ts"
import type { QueueOrder } from "./next-start.ts"
import type { QueuePass } from "./queue-pass.ts"
import type { QueueEntry } from "./queue-plan.ts"

/** After so many it is looked at how late it is. */
const LINES_AT_ONCE = 32

/** One pass, as far down the queue as anything may start. */
export class StartsWalk {
  readonly pass: QueuePass
  /** What was found by now. */
  readonly found: QueueEntry[] = []
  readonly #order: QueueOrder
  readonly #goesOn: () => boolean
  #decisions = 0
  /** The last line at whose turn something may be given up that others have planned around; -1: there is none. */
  #lastToGiveUp: number

  /** @param goesOn asked now and then; where it says no, the walk ends */
  constructor(pass: QueuePass, order: QueueOrder, goesOn: () => boolean) {
    this.pass = pass
    this.#order = order
    this.#goesOn = goesOn
    this.#lastToGiveUp = order.lines.findLastIndex(({ spec }) => spec.partitions.length > 1)
  }

  get mayGiveUp(): boolean {
    return this.#lastToGiveUp !== -1
  }

  /**
   * Owners' turns on their own hosts, before all others.
   * @param freed hosts where they may start something, and have their turns first; `null`: all
   * @returns whether all were looked at
   */
  atHome(freed: ReadonlySet<HostId> | null): boolean {
    const { pass } = this
    const { scene } = pass
    if (!scene.policy.owners.first) return true
    const ofFreed = freed && new Set(scene.hosts.flatMap(({ id, owner }) => (freed.has(id) ? (owner ?? []) : [])))
    // Those of the others start nothing before their turn, but have times on their own hosts.
    for (const isFreed of ofFreed === null ? [true] : [true, false]) {
      for (const [at, line] of this.#order.lines.entries()) {
        if (pass.own.isOver) break
        if (at % LINES_AT_ONCE === 0 && !this.#goesOn()) return false
        const { user } = line.standing
        if (!pass.own.concerns(user) || (ofFreed !== null && ofFreed.has(user) !== isFreed)) continue
        for (const found of pass.ownTurns.visit(line, at))
          this.#begins(entryOf(scene, line, found, at + 1, ++this.#decisions, true))
      }
    }
    pass.around.begin()
    const ownLast = this.#order.lines.findLastIndex((line) => pass.around.mayRestOn(line))
    this.#lastToGiveUp = Math.max(this.#lastToGiveUp, ownLast)
    return true
  }

  /** The turns of all, each start as soon as it is found. @returns whether it was looked for as far as there may be any */
  *inTurn(): Generator<QueueEntry, boolean> {
    const { pass } = this
    const { lines, least } = this.#order
    const open = new OpenHosts(pass.scene, pass.calendar.profiles, least)
    for (const [at, line] of lines.entries()) {
      // Whoever may preempt needs no room.
      if (at > this.#lastToGiveUp && !pass.mayMakeRoom && !open.takeAnyFrom(at)) return true
      if (at % LINES_AT_ONCE === 0 && !this.#goesOn()) return false
      for (const found of this.mayGiveUp ? pass.look(line, at) : pass.visit(line, at)) {
        if (found.room === null) continue
        const entry = entryOf(pass.scene, line, found, at + 1, ++this.#decisions)
        if (this.#begins(entry)) yield entry
      }
    }
    return true
  }

  /** The same to its end. */
  toTheEnd(): boolean {
    const starts = this.inTurn()
    for (;;) {
      const next = starts.next()
      if (next.done === true) return next.value
    }
  }

  /** Who waits for some that are on their way out already has nothing to be done for it. */
  #begins(entry: QueueEntry): boolean {
    const begins = entry.state === "start" || entry.preempts.length > 0
    if (begins) this.found.push(entry)
    return begins
  }
}
