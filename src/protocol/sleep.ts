/** A time in which a host slept, by its own clock. */
export interface Sleep {
  readonly from: number
  readonly to: number
}

/** A Mac with its lid closed wakes for a moment now and then: sleeps with less between them are told as one. */
const SAME_SLEEP_MS = 120_000
/** Of an attempt; the oldest are forgotten. */
export const MOST_SLEEPS = 50

/**
 * The sleeps with one more, in order. One that is there already changes nothing, one that goes on from the last makes that longer. Nothing
 * comes in between.
 */
export function withSleep(sleeps: readonly Sleep[], next: Sleep): readonly Sleep[] {
  const last = sleeps.at(-1)
  if (last === undefined) return [next]
  if (next.to <= last.to) return sleeps
  if (next.from - last.to > SAME_SLEEP_MS) return [...sleeps, next].slice(-MOST_SLEEPS)
  return [...sleeps.slice(0, -1), { from: last.from, to: next.to }]
}

/** How long a host slept in all. */
export function sleptMs(sleeps: readonly Sleep[]): number {
  return sleeps.reduce((sum, { from, to }) => sum + to - from, 0)
}
