import { invariant } from "../../base/invariant.ts"
import { needOn, type ResourceRequest, type Resources } from "../../protocol/resources.ts"
import { HostSet } from "./host-set.ts"

/** What a job takes of each of its hosts; whole: all of it, and nobody else is there. */
export type Need = ResourceRequest | "whole"

/** What the whole pool has some of, as licences: pieces by name. */
export type Pieces = Readonly<Record<string, number>>

/** A stretch of time in which nothing changes. */
export interface Slot {
  beginMs: number
  endMs: number
  /** Of each host, by its place. */
  readonly free: Resources[]
  /** How many jobs are planned on each host. */
  readonly jobs: number[]
  readonly pieces: Map<string, number>
  /** Hosts with room for a need, by its class; made when asked for. */
  readonly fitting: (HostSet | undefined)[]
  /** The same for slots in which the same hosts are held by the same needs, and hardly ever for others. */
  mark: number
}

/** What is free on each host, stretch by stretch, from `beginMs` to `endMs`, both on a grid of `gridMs`. */
export class Timeline {
  readonly slots: Slot[]
  readonly beginMs: number
  readonly endMs: number
  readonly gridMs: number
  readonly #totals: readonly Resources[]
  readonly #nowhere: HostSet
  /** Needs that are the same to the last byte are one class. */
  readonly #classes = new Map<string, number>()
  readonly #needs: Need[] = []

  /** @param windowMs how far ahead is planned */
  constructor(totals: readonly Resources[], pieces: Pieces, nowMs: number, windowMs: number, gridMs: number) {
    this.gridMs = gridMs
    this.beginMs = this.floor(nowMs)
    this.endMs = this.floor(nowMs + windowMs)
    this.#totals = totals
    this.#nowhere = new HostSet(totals.length)
    this.slots = [
      {
        beginMs: this.beginMs,
        endMs: this.endMs,
        free: [...totals],
        jobs: totals.map(() => 0),
        pieces: new Map(Object.entries(pieces)),
        fitting: [],
        mark: 0,
      },
    ]
  }

  floor(ms: number): number {
    return Math.floor(ms / this.gridMs) * this.gridMs
  }

  ceil(ms: number): number {
    return Math.ceil(ms / this.gridMs) * this.gridMs
  }

  /** The class of a need, to ask {@link roomIn} by. */
  classOf(need: Need): number {
    const key = need === "whole" ? need : `${need.memoryBytes} ${need.gpus} ${need.cores}`
    let known = this.#classes.get(key)
    if (known === undefined) {
      known = this.#needs.push(need) - 1
      this.#classes.set(key, known)
    }
    return known
  }

  /** The first slot that ends later. */
  slotAfter(ms: number): number {
    let [low, high] = [0, this.slots.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.slots[middle]!.endMs > ms) high = middle
      else low = middle + 1
    }
    return low
  }

  /** The hosts that have room for a need of this class during the slot, while the pool has the pieces. Not to be changed. */
  roomIn(slot: Slot, needClass: number, pieces: Pieces): HostSet {
    for (const name in pieces) if ((slot.pieces.get(name) ?? 0) < pieces[name]!) return this.#nowhere
    let fitting = slot.fitting[needClass]
    if (fitting === undefined) {
      const need = this.#needs[needClass]!
      fitting = new HostSet(this.#totals.length)
      for (let host = 0; host < this.#totals.length; host++) if (this.#hasRoom(slot, host, need)) fitting.add(host)
      slot.fitting[needClass] = fitting
    }
    return fitting
  }

  /** Takes the need on these hosts, and the pieces, from the begin of the grid's step to the end of one, at least one step. */
  take(hosts: Iterable<number>, need: Need, pieces: Pieces, fromMs: number, toMs: number): void {
    this.#change(hosts, need, pieces, this.#stepsOf(fromMs, toMs), 1)
    this.#joinOnce()
  }

  /** Takes back what {@link take} did with the same values. */
  giveBack(hosts: Iterable<number>, need: Need, pieces: Pieces, fromMs: number, toMs: number): void {
    this.#change(hosts, need, pieces, this.#stepsOf(fromMs, toMs), -1)
  }

  /** Whether {@link take} with the same values would take only what is there. */
  hasRoom(hosts: readonly number[], need: Need, pieces: Pieces, fromMs: number, toMs: number): boolean {
    const { beginMs, endMs } = this.#stepsOf(fromMs, toMs)
    const needClass = this.classOf(need)
    const within = this.slots.filter((slot) => slot.endMs > beginMs && slot.beginMs < endMs)
    return within.every((slot) => {
      const room = this.roomIn(slot, needClass, pieces)
      return hosts.every((host) => room.has(host))
    })
  }

  #stepsOf(fromMs: number, toMs: number): { readonly beginMs: number; readonly endMs: number } {
    const beginMs = Math.max(this.beginMs, this.floor(fromMs))
    return { beginMs, endMs: Math.min(this.endMs, Math.max(this.ceil(toMs), beginMs + this.gridMs)) }
  }

  #change(
    hosts: Iterable<number>,
    need: Need,
    pieces: Pieces,
    { beginMs, endMs }: { readonly beginMs: number; readonly endMs: number },
    times: 1 | -1,
  ): void {
    if (beginMs >= endMs) return
    this.#split(beginMs)
    this.#split(endMs)
    const changed = [...hosts]
    const needClass = this.classOf(need)
    for (let at = this.slotAfter(beginMs); at < this.slots.length; at++) {
      const slot = this.slots[at]!
      if (slot.beginMs >= endMs) break
      for (const [name, count] of Object.entries(pieces))
        slot.pieces.set(name, (slot.pieces.get(name) ?? 0) - count * times)
      for (const host of changed) {
        this.#changeHost(slot, host, need, times)
        slot.mark = (slot.mark + times * mix(host, needClass)) | 0
      }
    }
  }

  #changeHost(slot: Slot, host: number, need: Need, times: 1 | -1): void {
    const [free, total] = [slot.free[host], this.#totals[host]]
    invariant(free !== undefined && total !== undefined, `the planner has no host ${host}`)
    const taken = need === "whole" ? total : needOn(need, total)
    slot.free[host] = {
      memoryBytes: free.memoryBytes - taken.memoryBytes * times,
      gpus: free.gpus - taken.gpus * times,
      cores: free.cores - taken.cores * times,
    }
    slot.jobs[host]! += times
    for (const [needClass, fitting] of slot.fitting.entries()) {
      if (fitting === undefined) continue
      if (this.#hasRoom(slot, host, this.#needs[needClass]!)) fitting.add(host)
      else fitting.delete(host)
    }
  }

  #hasRoom(slot: Slot, host: number, need: Need): boolean {
    const [free, total] = [slot.free[host]!, this.#totals[host]!]
    if (need === "whole") return slot.jobs[host] === 0
    const { memoryBytes, gpus, cores } = needOn(need, total)
    return memoryBytes <= free.memoryBytes && gpus <= free.gpus && cores <= free.cores
  }

  #split(atMs: number): void {
    const at = this.slotAfter(atMs)
    const slot = this.slots[at]
    if (slot === undefined || slot.beginMs === atMs) return
    const later: Slot = {
      beginMs: atMs,
      endMs: slot.endMs,
      free: [...slot.free],
      jobs: [...slot.jobs],
      pieces: new Map(slot.pieces),
      fitting: slot.fitting.map((fitting) => fitting?.copy()),
      mark: slot.mark,
    }
    slot.endMs = atMs
    this.slots.splice(at + 1, 0, later)
  }

  /** The first two neighbours that are alike become one, and no more: where the search looks next hangs on where slots end. */
  #joinOnce(): void {
    for (let at = 0; at + 1 < this.slots.length; at++) {
      const [slot, next] = [this.slots[at]!, this.slots[at + 1]!]
      if (slot.mark !== next.mark || !isAlike(slot, next)) continue
      slot.endMs = next.endMs
      this.slots.splice(at + 1, 1)
      return
    }
  }
}

function isAlike(a: Slot, b: Slot): boolean {
  for (const [name, count] of a.pieces) if (b.pieces.get(name) !== count) return false
  return a.free.every((one, host) => {
    const other = b.free[host]!
    if (a.jobs[host] !== b.jobs[host]) return false
    return (
      one === other || (one.memoryBytes === other.memoryBytes && one.gpus === other.gpus && one.cores === other.cores)
    )
  })
}

/** Spreads host and class over 32 bits. */
function mix(host: number, needClass: number): number {
  const bits = Math.imul(host + 1, 0x9e37_79b1) ^ Math.imul(needClass + 1, 0x85eb_ca6b)
  return Math.imul(bits ^ (bits >>> 15), 0xc2b2_ae35)
}
