import { needOn, type Resources } from "../../protocol/resources.ts"
import type { Grid } from "./grid.ts"
import type { PlaceHolder } from "./held-places.ts"
import { HostQueue } from "./host-queue.ts"
import type { Need, Pieces } from "./need.ts"
import type { Profile } from "./profile.ts"

/** A time in which nothing may run on a host. */
export interface Closed {
  readonly startMs: number
  readonly endMs: number
}

/** A time in which no start is planned, though one may be made now. */
export interface NoStart extends Closed {
  /** Nor is one planned that others are asked now to make room for. Absent: it is. */
  readonly isFirm?: boolean
}

/** What jobs to which all times and hosts are alike ask for. */
export interface Asked {
  readonly hosts: number
  readonly need: Need
  readonly pieces: Pieces
  readonly limitMs: number
  /** Places of the hosts it may run on. */
  readonly places: readonly number[]
  /** By place, in order of time: when others keep the host. */
  readonly closed: readonly (readonly Closed[])[]
  /** By place, in order of time. */
  readonly noStarts: readonly (readonly NoStart[])[]
  /** By place, 1 for hosts that are taken only where no other has room as early; absent: none. Of several at once it decides nothing. */
  readonly late?: Uint8Array | undefined
  /** By place: of hosts with room at the same moment low ones are taken first. Absent: by the hosts' own weights. */
  readonly weights?: readonly number[] | undefined
}

/** Of so many hosts each is moved up by itself. */
const FEW_RELAXED = 8

export interface HeldRequest {
  readonly jobs: { count: number }
  /** How many of them could be on one host at most: more change nothing. */
  readonly most: number
  readonly places: readonly number[]
  /** Of these places, and of the pieces that it needs. */
  readonly profiles: readonly Profile[]
  /** By profile. */
  readonly holders: readonly PlaceHolder[]
}

/** One request with all that was found out for it: what holds until room comes back is not asked twice. */
export class PlanRequest {
  readonly asked: Asked
  readonly queue: HostQueue
  readonly hasPieces: boolean
  /** Nothing was found before then. */
  floorMs: number
  /** Its jobs without a time hold their places there; `undefined`: there is no such job. */
  held: HeldRequest | undefined
  /** How much of the calendar's list of hosts where room came back it has seen. */
  #relaxedSeen: number
  /** How long that list was when too few hosts had room in this moment; -1: that is not known. */
  #fullSeen = -1
  /** Hosts that would be open to it for as long as it asks, were nobody there. */
  #openNow: readonly number[] | undefined
  readonly #grid: Grid
  readonly #profiles: readonly Profile[]
  /** By how many GPUs a host has: what is taken there. Nothing else of a host decides that, unless all of it is taken. */
  readonly #needs: Resources[] = []

  constructor(asked: Asked, grid: Grid, profiles: readonly Profile[], ranks: Int32Array, relaxedSeen: number) {
    this.asked = asked
    this.#grid = grid
    this.#profiles = profiles
    this.floorMs = grid.nowMs
    this.#relaxedSeen = relaxedSeen
    this.hasPieces = Object.keys(asked.pieces).length > 0
    this.queue = new HostQueue(asked.places, ranks, grid.nowMs)
  }

  needOn(place: number): Resources {
    const { need } = this.asked
    const { total } = this.#profiles[place]!
    if (need === "whole") return total
    this.#needs[total.gpus] ??= needOn(need, total)
    return this.#needs[total.gpus]!
  }

  /** The first moment from `fromMs` on at which the host has room for it, for so long. */
  roomOn(place: number, fromMs: number, limitMs = this.asked.limitMs): number {
    const { need, closed, noStarts } = this.asked
    const profile = this.#profiles[place]!
    const needed = this.needOn(place)
    let startMs = fromMs
    for (;;) {
      startMs = profile.firstRoom(needed, need === "whole", limitMs, startMs)
      const never = closed[place]
      const noStart = noStarts[place]
      if (never === undefined && noStart === undefined) break
      const opensMs = this.#openFrom(startMs, never, noStart)
      if (opensMs === startMs || startMs >= this.#grid.endMs) break
      startMs = opensMs
    }
    if (startMs >= this.#grid.endMs || profile.isHeldFrom(needed, startMs, limitMs)) return Number.POSITIVE_INFINITY
    return startMs
  }

  /**
   * Whether the host has room for it from that moment on, for so long.
   * @param isAskedFor others are asked now to make the room: the start counts as one that is made now
   */
  hasRoomAt(place: number, startMs: number, limitMs = this.asked.limitMs, isAskedFor = false): boolean {
    const { need, closed, noStarts } = this.asked
    const never = isAskedFor ? noStarts[place]?.filter(({ isFirm }) => isFirm === true) : noStarts[place]
    const profile = this.#profiles[place]!
    const needed = this.needOn(place)
    return (
      startMs < this.#grid.endMs &&
      profile.hasRoomAt(needed, need === "whole", limitMs, startMs) &&
      this.#openFrom(startMs, closed[place], never) === startMs &&
      !profile.isHeldFrom(needed, startMs, limitMs)
    )
  }

  /** When the host, were nobody there, would be open to it for as long as it asks. */
  opensMs(place: number): number {
    return opensAt(this.asked.closed[place] ?? [], this.#grid.nowMs, this.asked.limitMs)
  }

  /** Whether enough hosts have room in the step that is now and are open: for how long, and what is kept for whom there, is not looked at. */
  get hasRoomInStep(): boolean {
    this.#openNow ??= this.asked.places.filter((place) => this.opensMs(place) === this.#grid.nowMs)
    let missing = this.asked.hosts
    for (const place of this.#openNow) if (this.hasRoomNow(place) && --missing === 0) return true
    return missing <= 0
  }

  hasRoomNow(place: number): boolean {
    return this.#profiles[place]!.hasRoomNow(this.needOn(place), this.asked.need === "whole")
  }

  /**
   * Whether nothing of it can begin in this moment, as far as that is known without a look at how long there is room.
   * @param relaxed the calendar's list of hosts where room came back
   */
  isFull(relaxed: readonly number[]): boolean {
    if (!this.#isFullStill(relaxed) && this.hasRoomInStep) return false
    this.#fullSeen = relaxed.length
    return true
  }

  /** Where too few hosts had room there are no more until it comes back; where none had, until it does on one that has enough for it. */
  #isFullStill(relaxed: readonly number[]): boolean {
    if (this.#fullSeen === -1) return false
    if (this.asked.hosts > 1) return this.#fullSeen === relaxed.length
    for (let at = this.#fullSeen; at < relaxed.length; at++) if (this.hasRoomNow(relaxed[at]!)) return false
    return true
  }

  /** Takes note of where room came back since the last time. @param relaxed as for {@link isFull} */
  catchUp(relaxed: readonly number[]): void {
    if (this.#relaxedSeen === relaxed.length) return
    this.relax(relaxed, this.#relaxedSeen)
    this.#relaxedSeen = relaxed.length
  }

  /** Room came back on these hosts, but for the first ones. */
  relax(places: readonly number[], first = 0): void {
    const { boundsMs, versions } = this.queue
    const { nowMs } = this.#grid
    this.floorMs = nowMs
    // Many are told of more than once.
    let moved = 0
    for (let at = first; at < places.length; at++) {
      const place = places[at]!
      versions[place] = -1
      if (boundsMs[place] === nowMs) continue
      boundsMs[place] = nowMs
      if (++moved <= FEW_RELAXED) this.queue.raise(place)
    }
    if (moved > FEW_RELAXED) this.queue.rebuild()
  }

  #openFrom(startMs: number, closed: readonly Closed[] | undefined, noStarts: readonly NoStart[] | undefined): number {
    let openMs = opensAt(closed ?? [], startMs, this.asked.limitMs)
    if (openMs > this.#grid.nowMs)
      for (const each of noStarts ?? []) if (each.startMs <= openMs && openMs < each.endMs) openMs = each.endMs
    return openMs
  }
}

/**
 * The first moment from `fromMs` on from which nothing is closed for as long as `limitMs`. Ending as such a time begins is in time.
 * @param closed in order of time
 */
export function opensAt(closed: readonly Closed[], fromMs: number, limitMs: number): number {
  let openMs = fromMs
  for (const { startMs, endMs } of closed) if (startMs < openMs + limitMs && endMs > openMs) openMs = endMs
  return openMs
}
