/** What waits for its turn. */
interface Waiting<T> {
  readonly user: string
  readonly item: T
}

export interface FairQueueLimits {
  /** How many may wait in all. */
  readonly most: number
  /** How many of one user. */
  readonly mostOfOne: number
}

/**
 * Who is served next among those who wait: whose user has had least so far, for that user's shares. Of one user the first come. Who
 * comes anew begins at the level of those who are served, so that nobody saves up turns by staying away (start-time fair queueing:
 * Goyal, Vin, Cheng, 1996).
 */
export class FairQueue<T> {
  readonly #limits: FairQueueLimits
  readonly #sharesOf: (user: string) => number
  readonly #waiting = new Map<string, Waiting<T>[]>()
  /** What each user has had, divided by shares. */
  readonly #had = new Map<string, number>()
  #level = 0
  #size = 0

  /** @param sharesOf greater than 0; who has twice as many is served twice as much */
  constructor(limits: FairQueueLimits, sharesOf: (user: string) => number = () => 1) {
    this.#limits = limits
    this.#sharesOf = sharesOf
  }

  get size(): number {
    return this.#size
  }

  /** How to leave the queue again; `undefined` when it is full, for all or for this user. */
  add(user: string, item: T): (() => void) | undefined {
    const own = this.#waiting.get(user) ?? []
    if (this.#size >= this.#limits.most || own.length >= this.#limits.mostOfOne) return undefined
    const waiting = { user, item }
    own.push(waiting)
    this.#waiting.set(user, own)
    this.#size++
    return () => this.#leave(waiting)
  }

  /** Takes whoever is next of those that can be served; `undefined` when nobody waits who can. */
  take(canBe: (item: T) => boolean = () => true): T | undefined {
    let next: { waiting: Waiting<T>; had: number } | undefined
    for (const [user, own] of this.#waiting) {
      const had = this.#hadBy(user)
      if (next !== undefined && had >= next.had) continue
      const waiting = own.find(({ item }) => canBe(item))
      if (waiting !== undefined) next = { waiting, had }
    }
    if (next === undefined) return undefined
    this.#leave(next.waiting)
    this.#level = Math.max(this.#level, next.had)
    return next.waiting.item
  }

  /** Puts to a user's account what was served, in any unit that is the same for all. */
  charge(user: string, amount: number): void {
    this.#had.set(user, this.#hadBy(user) + amount / this.#sharesOf(user))
    if (this.#had.size > 10_000) this.#forget()
  }

  #hadBy(user: string): number {
    return Math.max(this.#level, this.#had.get(user) ?? 0)
  }

  #leave(waiting: Waiting<T>): void {
    const own = this.#waiting.get(waiting.user)
    const place = own?.indexOf(waiting) ?? -1
    if (own === undefined || place < 0) return
    own.splice(place, 1)
    this.#size--
    if (own.length === 0) this.#waiting.delete(waiting.user)
  }

  /** Who is at the level or below needs no account. */
  #forget(): void {
    for (const [user, had] of this.#had) if (had <= this.#level) this.#had.delete(user)
  }
}
