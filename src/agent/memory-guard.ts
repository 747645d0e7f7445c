import { formatBytes } from "../base/bytes.ts"
import { requestText } from "../protocol/earlier-runs.ts"
import { allowedBytes } from "../protocol/resources.ts"

const MIB = 1024 ** 2
/** Free memory moves by so much for many reasons. */
const LEAST_STEP_BYTES = 64 * MIB
const MOST_STEP_BYTES = 512 * MIB

/** What an attempt holds, and what it said it would. */
export interface Held {
  readonly heldBytes: number
  readonly leaseBytes: number
  /** The sender asked for the lease's memory. */
  readonly isAsked: boolean
}

/** An attempt that is to be ended, and why, in words. */
export interface Broken<T> {
  readonly held: T
  readonly message: string
}

/**
 * Finds the attempts that hold more memory than they asked for. Adding up what processes hold is dear, so it is done when
 * as much memory has gone from the host as could make an attempt break its word, and now and then. Pure: others measure.
 */
export class MemoryGuard {
  #freeBytes = Number.POSITIVE_INFINITY
  #stepBytes = LEAST_STEP_BYTES

  /** Whether to measure now, by how much is free. */
  isDue(freeBytes: number): boolean {
    return freeBytes <= this.#freeBytes - this.#stepBytes
  }

  /**
   * What was measured while so much was free. Those that broke their word are to be ended; where the host is in danger and all kept
   * it, the one that is furthest above its lease, if any is: who holds no more than was promised is never touched.
   * @param danger of the host, in words
   */
  measured<T extends Held>(freeBytes: number, all: readonly T[], danger: string | null): Broken<T>[] {
    this.#freeBytes = freeBytes
    const rooms = all.filter(({ isAsked }) => isAsked).map((one) => allowedBytes(one.leaseBytes) - one.heldBytes)
    this.#stepBytes = Math.max(LEAST_STEP_BYTES, Math.min(MOST_STEP_BYTES, ...rooms.map((room) => room / 2)))
    const broken = all.filter((one) => one.isAsked && one.heldBytes > allowedBytes(one.leaseBytes))
    if (broken.length > 0) return broken.map((held) => ({ held, message: brokenText(held) }))
    if (danger === null) return []
    const above = all.filter((one) => one.heldBytes > one.leaseBytes)
    const [worst] = above.sort((a, b) => b.heldBytes - b.leaseBytes - (a.heldBytes - a.leaseBytes))
    return worst === undefined
      ? []
      : [{ held: worst, message: `${brokenText(worst)}; the host was in danger: ${danger}` }]
  }
}

/** What an attempt held, and what would have done, as a sentence without a full stop. */
export function brokenText({ heldBytes, leaseBytes, isAsked }: Held): string {
  const lease = isAsked ? `${formatBytes(leaseBytes)} were asked for` : `it had not said how much it needs`
  return `It held ${formatBytes(heldBytes)}, and ${lease}: --memory ${requestText(heldBytes)} would have done until then`
}
