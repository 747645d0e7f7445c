/** How one request went at a replica. */
export interface PaceSample {
  /** From the request to its first token; `null` where the answer came whole. */
  readonly firstMs: number | null
  /** For each token after that; `null` where there were none. */
  readonly tokenMs: number | null
}

/** How fast a replica is thought to be. */
export interface ExpectedPace {
  /** To the first token. */
  readonly firstMs: number
  /** For each token; more than 0. */
  readonly tokenMs: number
}

/** A replica that has room. */
export interface FreeReplica {
  readonly id: string
  readonly slots: number
  /** Requests under way there, fewer than `slots`. */
  readonly busy: number
}

/** What is measured counts half after this long: a Mac may be slow for a while only. */
const HALF_LIFE_MS = 120_000
/** With less weight than this nothing is known any more, and the replica is tried anew. */
const LEAST_WEIGHT = 0.1
/** How many tokens an answer is taken for. */
const TYPICAL_TOKENS = 100

interface Mean {
  weight: number
  sum: number
}

interface Pace {
  atMs: number
  readonly first: Mean
  readonly token: Mean
}

/** How fast the replicas of a model have been lately, and which is likely to answer first. Times are monotonic, in milliseconds. */
export class ReplicaPaces {
  readonly #paces = new Map<string, Pace>()

  note(id: string, { firstMs, tokenMs }: PaceSample, nowMs: number): void {
    const pace = this.#fadedTo(id, nowMs) ?? { atMs: nowMs, first: { weight: 0, sum: 0 }, token: { weight: 0, sum: 0 } }
    add(pace.first, firstMs)
    add(pace.token, tokenMs)
    this.#paces.set(id, pace)
  }

  /** Forgets all replicas but these: one that was started anew is another one. */
  keep(ids: ReadonlySet<string>): void {
    for (const id of this.#paces.keys()) if (!ids.has(id)) this.#paces.delete(id)
  }

  /** How long a usual answer takes there; `undefined` where too little is known of late. */
  expectedMs(id: string, nowMs: number): number | undefined {
    const pace = this.#fadedTo(id, nowMs)
    if (pace === undefined || pace.first.weight + pace.token.weight < LEAST_WEIGHT) return undefined
    return meanOf(pace.first) + TYPICAL_TOKENS * meanOf(pace.token)
  }

  /** What was measured there last, however long ago; without it the tokens come as fast as they were planned. */
  expected(id: string, plannedTokenMs: number): ExpectedPace {
    const pace = this.#paces.get(id)
    if (pace === undefined || meanOf(pace.token) <= 0) return { firstMs: 0, tokenMs: plannedTokenMs }
    return { firstMs: meanOf(pace.first), tokenMs: meanOf(pace.token) }
  }

  /**
   * The one that likely answers first: by its pace and by how much of its room is taken. One of which nothing is known is tried with one
   * request, and meanwhile taken for as fast as the others are.
   * @param free at least one
   */
  choose<T extends FreeReplica>(free: readonly T[], nowMs: number): T {
    const expected = free.map(({ id }) => this.expectedMs(id, nowMs))
    const known = expected.filter((each) => each !== undefined)
    const usual = known.length === 0 ? 1 : known.reduce((sum, each) => sum + each, 0) / known.length
    let best = free[0]!
    let bestMs = Number.POSITIVE_INFINITY
    for (const [index, replica] of free.entries()) {
      const { busy, slots } = replica
      const isTried = expected[index] === undefined && busy === 0
      const ms = isTried ? -slots : ((expected[index] ?? usual) * (busy + 1)) / slots
      if (ms >= bestMs) continue
      best = replica
      bestMs = ms
    }
    return best
  }

  #fadedTo(id: string, nowMs: number): Pace | undefined {
    const pace = this.#paces.get(id)
    if (pace === undefined) return undefined
    const factor = 0.5 ** (Math.max(0, nowMs - pace.atMs) / HALF_LIFE_MS)
    for (const mean of [pace.first, pace.token]) {
      mean.weight *= factor
      mean.sum *= factor
    }
    pace.atMs = Math.max(pace.atMs, nowMs)
    return pace
  }
}

/** Ten or so of the latest count, however many there were. */
const MOST_WEIGHT = 10

function add(mean: Mean, value: number | null): void {
  if (value === null) return
  if (mean.weight > MOST_WEIGHT) {
    mean.sum *= MOST_WEIGHT / mean.weight
    mean.weight = MOST_WEIGHT
  }
  mean.weight += 1
  mean.sum += value
}

function meanOf({ weight, sum }: Mean): number {
  return weight === 0 ? 0 : sum / weight
}
