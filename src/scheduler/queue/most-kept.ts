import type { JobId } from "../../protocol/ids.ts"
import type { EarlierTurns } from "./earlier-turns.ts"
import type { QueuePass } from "./queue-pass.ts"

/** So many passes at most after those in which little by little is given up: each gives something up, or has somebody stay where it was. */
const MOST_PASSES = 8
/** Jobs to be looked at in those first passes, and how many of these there are at most: in a long queue all is given up at once. */
const [JOBS_ONE_BY_ONE, MOST_ONE_BY_ONE] = [4000, 24]

/** How much is kept for a job from a turn on. */
export interface KeptBound {
  /** For so many of its tasks at most, */
  readonly most: number
  /** but for what begins until then: that is no later than what it had instead, and the earlier turn goes first. */
  readonly insteadMs: number
  /** What it has instead it may yet lose, as somebody before it has no time there; or as that was given up together with what begins before. */
  readonly guess?: "behind" | "unsettled"
  /** Nothing of it is given up for a later time. */
  readonly stays?: true
  /** How many of its tasks have a time instead, or begin. */
  readonly count?: number
}

/** By job and turn; for what is not in it as much is kept as there is room for. */
export type MostKept = ReadonlyMap<string, KeptBound>

/** The turns of owners before all others on their own Macs, in place of a partition. */
export const OWN_TURN = ""

/** What it would have instead it has only as long as it keeps what it has: on its owner's Mac it stays, and in a partition it may be kept for nothing. */
const STAYS: KeptBound = { most: Number.POSITIVE_INFINITY, insteadMs: Number.POSITIVE_INFINITY, stays: true }

export const ANY_NUMBER: MostKept = new Map()

export function turnKey(job: JobId, partition: string): string {
  return `${job} ${partition}`
}

/** The turn of owners with a line in that partition: in another one its job may have something earlier at home. */
export function homeTurn(partition: string): string {
  return `${OWN_TURN} ${partition}`
}

/** Who has an entry for any of their turns. */
export function jobsOf(mostKept: MostKept): ReadonlySet<number> {
  return new Set([...mostKept.keys()].map((key) => Number.parseInt(key, 10)))
}

/** A turn from which on something was kept that was given up for something better at another. */
export interface GivenUpTurn extends KeptBound {
  readonly job: JobId
  readonly key: string
  /** It is that on its sender's own hosts; `isHome`: so is what it has instead, by its line in another partition. */
  readonly isOwn: boolean
  readonly isHome: boolean
  readonly count: number
  /** When the last of them begins. */
  readonly thenMs: number
  /** When the last of them begins, or what was given up would have begun. */
  readonly lastMs: number
}

/**
 * Passes through the same queue until one gives up nothing that it kept. A job in several partitions may have room kept at its turn in one of them, or an
 * owner's on its own Mac, and at a later turn get something better: those whose turn lay between have then planned around what nobody has. So they are planned anew, and
 * it is not kept again, unless it then were no later than that, or the job has less than it gave up, since others have the better one.
 *
 * Of what was kept on owners' Macs only that is given up at once for which something better begins first. The next pass then finds what the plan of that moment will find, whoever
 * is there by then; to give up the rest, too, would be to rely on times that nobody has after that.
 * @param through one whole pass; `goesOn`: whether it was looked at as far as somebody may start
 */
export function untilNothingIsGivenUp<T extends { readonly pass: QueuePass; readonly goesOn: boolean }>(
  through: (mostKept: MostKept) => T,
): T {
  const bounds = new Bounds()
  for (let count = 1; ; count++) {
    const told = through(bounds.all)
    const { earlier, scene } = told.pass
    const oneByOne = Math.min(MOST_ONE_BY_ONE, Math.floor(JOBS_ONE_BY_ONE / Math.max(1, scene.waiting.length)))
    const left = oneByOne + MOST_PASSES - count
    if (left === 0 || !told.goesOn || !bounds.after(earlier, count <= oneByOne, left === 1)) return told
  }
}

/** How much is kept for whom in the next pass. */
class Bounds {
  all: MostKept = ANY_NUMBER
  #givenUp: ReadonlyMap<string, GivenUpTurn> = new Map()
  /** Turns of which nothing is given up any more: what their jobs would have instead went round in a circle. */
  readonly #stay = new Set<string>()
  /** Those that were missed once. */
  readonly #missed = new Set<string>()
  /** Those that were given up once more: as nobody is sure of anything while others move, it is seen only then what they have instead. */
  readonly #again = new Set<string>()

  /**
   * After a pass.
   * @param isFirst of what is kept on owners' Macs only that is given up for which something better begins first
   * @param isLast there is only one more pass: who is not settled by now stays
   * @returns whether another one is to follow
   */
  after(earlier: EarlierTurns, isFirst: boolean, isLast: boolean): boolean {
    const lost = new Set<string>()
    const stay: Pick<GivenUpTurn, "key" | "job" | "isOwn">[] = []
    for (const { key, job, isOwn, count, thenMs, lastMs } of this.#givenUp.values()) {
      const now = earlier.hasNow(job)
      if (now.count >= count && now.lastMs <= (isOwn ? thenMs : lastMs)) continue
      lost.add(key)
      // Others had moved meanwhile: what it has instead is looked for once more.
      if (isLast || this.#missed.has(key)) stay.push({ key, job, isOwn })
      this.#missed.add(key)
    }
    const inTurn = new Set(stay.filter(({ isOwn }) => !isOwn).map(({ job }) => job))
    // Once it stays with what it has by its turn in a partition that may be the better one.
    for (const { key, job, isOwn } of stay) if (isLast || !isOwn || !inTurn.has(job)) this.#stay.add(key)
    const all = earlier.givenUp().filter(({ key }) => !this.#stay.has(key))
    const isNew = ({ key }: GivenUpTurn) => !this.#givenUp.has(key)
    const firstMs = isFirst
      ? Math.min(...all.filter(isNew).map(({ insteadMs }) => insteadMs))
      : Number.POSITIVE_INFINITY
    const more = all.filter((one) => !one.isOwn || !isNew(one) || one.insteadMs <= firstMs)
    const sooner = new Map<string, number>()
    for (const one of more) {
      // Kept all the same, as it was no later than what it has instead, and given up once more.
      const isAgain = !isNew(one)
      if (isLast || (isAgain && ((one.isOwn && !one.isHome) || this.#again.has(one.key)))) this.#stay.add(one.key)
      else if (isAgain) {
        this.#again.add(one.key)
        sooner.set(one.key, one.insteadMs)
      }
    }
    const known = [
      ...this.#givenUp.values(),
      ...(isFirst ? more : more.map((one) => ({ ...one, guess: "unsettled" as const }))),
    ]
    // Others took what it had instead: what is no later than what it has now goes first.
    const next = known
      .filter(({ key }) => !this.#stay.has(key) && !lost.has(key))
      .map((one) => {
        const { lastMs, elsewhereMs } = earlier.hasNow(one.job)
        const nowMs = one.isHome ? one.insteadMs : one.isOwn ? elsewhereMs : lastMs
        const insteadMs = sooner.get(one.key) ?? Math.max(one.insteadMs, nowMs)
        return { ...one, insteadMs }
      })
    const isLater = next.some(({ key, insteadMs }) => insteadMs > (this.#givenUp.get(key)?.insteadMs ?? insteadMs))
    this.#givenUp = new Map(next.map((one) => [one.key, one]))
    this.all = new Map<string, KeptBound>([...this.#givenUp, ...[...this.#stay].map((key) => [key, STAYS] as const)])
    return more.length > 0 || lost.size > 0 || isLater
  }
}
