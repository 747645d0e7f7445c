/** A place in the tree of shares: of a user, or of an account above. */
export interface Seat {
  /** Unique in the whole tree. */
  readonly name: string
  /** Greater than 0. Of those that wait beside each other who has twice as many is served twice as much. */
  readonly shares: number
}

export interface FairQueueLimits {
  /** How many may wait in all. */
  readonly most: number
  /** How many of one user. */
  readonly mostOfOne: number
}

const ROOT = ""
const MOST_ACCOUNTS = 10_000

/**
 * Who is served next among those who wait. On each level of the tree, from the root down: the one of whose users some wait, and who has had
 * least so far for its shares. So an account of which one user waits is served as much as one of which ten do. Of one user the first come.
 * Who comes anew begins at the level of those who are served, so that nobody saves up turns by staying away (start-time fair queueing: Goyal,
 * Vin, Cheng, 1996; in a tree: Bennett, Zhang, 1996).
 */
export class FairQueue<T> {
  readonly #limits: FairQueueLimits
  readonly #seatsOf: (user: string) => readonly Seat[]
  /** By user, the first come first; nobody without. */
  readonly #lines = new Map<string, T[]>()
  /** Of each user, from below the root down. */
  readonly #seats = new Map<string, readonly Seat[]>()
  /** What each seat has had, divided by its shares. */
  readonly #had = new Map<string, number>()
  /** Of the seats below each: how much those have had that are served. */
  readonly #level = new Map<string, number>()
  #size = 0

  /** @param seatsOf asked when a user comes; without it all are alike */
  constructor(limits: FairQueueLimits, seatsOf = (user: string): readonly Seat[] => [{ name: user, shares: 1 }]) {
    this.#limits = limits
    this.#seatsOf = seatsOf
  }

  get size(): number {
    return this.#size
  }

  /** How to leave the queue again; `undefined` when it is full, for all or for this user. */
  add(user: string, item: T): (() => void) | undefined {
    const line = this.#lines.get(user) ?? []
    if (this.#size >= this.#limits.most || line.length >= this.#limits.mostOfOne) return undefined
    this.#seats.set(user, this.#seatsOf(user))
    line.push(item)
    this.#lines.set(user, line)
    this.#size++
    return () => this.#leave(user, item)
  }

  /** Takes whoever is next of those that can be served; `undefined` when nobody waits who can. */
  take(canBe: (item: T) => boolean = () => true): T | undefined {
    let next: { readonly user: string; readonly seats: readonly Seat[]; readonly item: T } | undefined
    for (const [user, line] of this.#lines) {
      const seats = this.#seats.get(user)!
      if (next !== undefined && !this.#isBefore(seats, next.seats)) continue
      const item = line.find(canBe)
      if (item !== undefined) next = { user, seats, item }
    }
    if (next === undefined) return undefined
    this.#leave(next.user, next.item)
    for (const [depth, { name }] of next.seats.entries()) {
      const above = nameAbove(next.seats, depth)
      this.#level.set(above, this.#hadBy(name, above))
    }
    return next.item
  }

  /** Puts to a user's account, and to all above, what was served, in any unit that is the same for all. */
  charge(user: string, amount: number): void {
    const seats = this.#seats.get(user) ?? this.#seatsOf(user)
    for (const [depth, { name, shares }] of seats.entries())
      this.#had.set(name, this.#hadBy(name, nameAbove(seats, depth)) + amount / shares)
    if (Math.max(this.#had.size, this.#seats.size) > MOST_ACCOUNTS) this.#forget()
  }

  /** Whether who sits there has had less, where the two ways down the tree part. */
  #isBefore(some: readonly Seat[], others: readonly Seat[]): boolean {
    const depth = some.findIndex(({ name }, at) => name !== others[at]?.name)
    const one = some[depth]
    const other = others[depth]
    if (one === undefined || other === undefined) return false
    const above = nameAbove(some, depth)
    return this.#hadBy(one.name, above) < this.#hadBy(other.name, above)
  }

  #hadBy(name: string, above: string): number {
    return Math.max(this.#level.get(above) ?? 0, this.#had.get(name) ?? 0)
  }

  #leave(user: string, item: T): void {
    const line = this.#lines.get(user)
    const place = line?.indexOf(item) ?? -1
    if (line === undefined || place < 0) return
    line.splice(place, 1)
    this.#size--
    if (line.length === 0) this.#lines.delete(user)
  }

  /** In a lab it never comes to this; then all begin anew, but who waits goes on waiting. */
  #forget(): void {
    this.#had.clear()
    this.#level.clear()
    for (const user of this.#seats.keys()) if (!this.#lines.has(user)) this.#seats.delete(user)
  }
}

function nameAbove(seats: readonly Seat[], depth: number): string {
  return depth === 0 ? ROOT : seats[depth - 1]!.name
}
