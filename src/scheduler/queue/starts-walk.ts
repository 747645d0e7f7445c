import type { HostId } from "../../protocol/ids.ts"
import { entryOf } from "./entry-of.ts"
import type { Found } from "./found.ts"
import { OpenHosts } from "./least-needs.ts"
import type { Line } from "./line.ts"
import type { QueueOrder } from "./order-queue.ts"
import type { QueuePass } from "./queue-pass.ts"
import type { QueueEntry } from "./queue-plan.ts"

/** After so many it is looked at how late it is. */
const LINES_AT_ONCE = 32

/** One pass, as far down the queue as anything may start. */
export class StartsWalk {
  readonly pass: QueuePass
  /** What was found by now. */
  readonly found: QueueEntry[] = []
  /** So many of them, the first ones, start whatever is given up. */
  sure = 0
  readonly #order: QueueOrder
  readonly #goesOn: () => boolean
  #decisions = 0
  /** The last line of a job in several partitions, or of one that gave something up in an earlier pass; -1: there is none. */
  #lastToSee: number
  /** The last line for which something is kept on its sender's own hosts that others may rest on; -1: there is none. */
  #lastHeld = -1

  /** @param goesOn asked now and then; where it says no, the walk ends */
  constructor(pass: QueuePass, order: QueueOrder, goesOn: () => boolean) {
    this.pass = pass
    this.#order = order
    this.#goesOn = goesOn
    this.#lastToSee = order.lastInSeveral
  }

  /** Whether something may be given up that others have planned around. */
  get mayGiveUp(): boolean {
    return this.#lastToSee !== -1 || this.#lastHeld !== -1
  }

  /**
   * Turns before all others, of those for whom some were asked to make room and of owners on their own hosts: each start as soon as it is found, as long
   * as none hangs on what is kept.
   * @param freed hosts where they may start something, and have their turns first; `null`: all
   * @returns whether all were looked at
   */
  *first(freed: ReadonlySet<HostId> | null): Generator<QueueEntry, boolean> {
    const { pass } = this
    const { scene } = pass
    for (const { line, at, found } of pass.first.asked.visitAll(scene, this.#order.lines)) {
      const entry = entryOf(scene, line, found, at + 1, ++this.#decisions)
      if (!this.#begins(entry)) continue
      this.sure++
      yield entry
    }
    if (!scene.policy.owners.first) return true
    const ofFreed = freed && new Set(scene.hosts.flatMap(({ id, owner }) => (freed.has(id) ? (owner ?? []) : [])))
    // Those of the others start nothing before their turn, but have times on their own hosts.
    for (const isFreed of ofFreed === null ? [true] : [true, false]) {
      for (const [at, line] of this.#order.lines.entries()) {
        if (pass.own.isOver) break
        if (at % LINES_AT_ONCE === 0 && !this.#goesOn()) return false
        const { user } = line.standing
        if ((ofFreed !== null && ofFreed.has(user) !== isFreed) || !pass.own.concerns(user)) continue
        const isSure = this.sure === this.found.length
        for (const found of pass.first.own.visit(line)) {
          const entry = entryOf(scene, line, found, at + 1, ++this.#decisions, true)
          if (!this.#begins(entry) || !isSure || this.#hangsOnWhatIsKept(line, found)) continue
          this.sure++
          yield entry
        }
      }
    }
    const { around, earlier } = pass
    if (earlier.hasBounds) {
      const isBound = ({ spec }: Line) => earlier.ownBoundOf(spec) !== undefined
      this.#lastToSee = Math.max(this.#lastToSee, this.#order.lines.findLastIndex(isBound))
    }
    if (around.mayBe) this.#lastHeld = this.#order.lines.findLastIndex((line) => around.mayRestOn(line))
    return true
  }

  /** Without what is kept there now, it might begin elsewhere, or somebody else in its place. */
  #hangsOnWhatIsKept({ spec }: Line, { room, preempts }: Found): boolean {
    const { own, ownHolds, calendar, scene } = this.pass
    if (this.pass.first.own.wasPassedOver(spec.user)) return true
    if (spec.array !== null || preempts.length > 0) return ownHolds.places.size > 0
    return own.placesOf(spec.user).some((place) => {
      if (!ownHolds.places.has(place)) return false
      const least = this.#order.least.from(0, scene.hosts[place]!.total)
      return room!.places.includes(place) || calendar.profiles[place]!.hasRoomNow(least, false)
    })
  }

  /** The turns of all, each start as soon as it is found. @returns whether it was looked for as far as there may be any */
  *inTurn(): Generator<QueueEntry, boolean> {
    const { pass, mayGiveUp } = this
    const { lines, least } = this.#order
    const open = new OpenHosts(pass.scene, pass.calendar.profiles, least)
    for (const [at, line] of lines.entries()) {
      const isSeen = at <= this.#lastToSee || (at <= this.#lastHeld && pass.around.mayBe)
      // Whoever may preempt needs no room.
      if (!isSeen && !pass.begins.mayMakeRoom && !open.takeAnyFrom(at)) return true
      if (at % LINES_AT_ONCE === 0 && !this.#goesOn()) return false
      for (const found of mayGiveUp ? pass.look(line) : pass.visit(line)) {
        if (found.room === null) continue
        const entry = entryOf(pass.scene, line, found, at + 1, ++this.#decisions)
        if (this.#begins(entry)) yield entry
      }
    }
    return true
  }

  /** Who waits for some that are on their way out already has nothing to be done for it. */
  #begins(entry: QueueEntry): boolean {
    const begins = entry.state === "start" || entry.preempts.length > 0
    if (begins) this.found.push(entry)
    return begins
  }
}

/** To its end. @returns what it returns */
export function ended(starts: Generator<QueueEntry, boolean>): boolean {
  for (;;) {
    const next = starts.next()
    if (next.done === true) return next.value
  }
}
