import type { JobId } from "../../protocol/ids.ts"
import type { QueuePass } from "./queue-pass.ts"

/** So many passes at most: each but the last gives something up, and where jobs are in few partitions there are two or three. */
const MOST_PASSES = 8

/** How much is kept for a job from a turn on. */
export interface KeptBound {
  /** For so many of its tasks at most, */
  readonly most: number
  /** but for what begins until then: that is no later than what it had instead, and the earlier turn goes first. */
  readonly insteadMs: number
  /** Nothing of it is given up for a later time. */
  readonly stays?: true
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

/** A turn from which on something was kept that was given up for something better at another. */
export interface GivenUpTurn extends KeptBound {
  readonly job: JobId
  readonly key: string
  /** It is that on its sender's own hosts. */
  readonly isOwn: boolean
  /** How many of its tasks have a time instead. */
  readonly count: number
  /** When the last of them begins, or what was given up would have begun. */
  readonly lastMs: number
}

/**
 * Passes through the same queue until one gives up nothing that it kept. A job in several partitions may have room kept at its turn in one of them, or an
 * owner's on its own Mac, and at a later turn get something better: those whose turn lay between have then planned around what nobody has. So they are planned anew, and
 * it is not kept again, unless it then were no later than that, or the job has less than it gave up, since others have the better one.
 * @param through one whole pass; `goesOn`: whether it was looked at as far as somebody may start
 */
export function untilNothingIsGivenUp<T extends { readonly pass: QueuePass; readonly goesOn: boolean }>(
  through: (mostKept: MostKept) => T,
): T {
  let givenUp: ReadonlyMap<string, GivenUpTurn> = new Map()
  let mostKept = ANY_NUMBER
  const firm = new Set<string>()
  for (let count = 1; ; count++) {
    const told = through(mostKept)
    const { earlier } = told.pass
    if (count === MOST_PASSES || !told.goesOn) return told
    const lost = [...givenUp.values()].filter(({ job, count, lastMs }) => {
      const now = earlier.hasNow(job)
      return now.count < count || now.lastMs > lastMs
    })
    for (const { key } of lost) firm.add(key)
    const more = earlier.givenUp().filter(({ key }) => !firm.has(key))
    // Kept all the same, as it was no later than what it has instead, and given up once more.
    for (const { key, isOwn } of more) if (!isOwn && givenUp.has(key)) firm.add(key)
    const known = [...givenUp.values(), ...more].filter(({ key }) => !firm.has(key))
    // Others took what it had instead: what is no later than what it has now goes first.
    const next = known.map((one) => ({ ...one, insteadMs: Math.max(one.insteadMs, earlier.hasNow(one.job).lastMs) }))
    const isLater = next.some(({ key, insteadMs }) => insteadMs > (givenUp.get(key)?.insteadMs ?? insteadMs))
    if (more.length === 0 && lost.length === 0 && !isLater) return told
    givenUp = new Map(next.map((one) => [one.key, one]))
    mostKept = new Map<string, KeptBound>([...givenUp, ...[...firm].map((key) => [key, STAYS] as const)])
  }
}
