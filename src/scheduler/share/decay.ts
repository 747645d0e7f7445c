/**
 * How usage fades. Slurm's documented half life is reached by a factor per second that is 1 - 0.693 / half life as released, not a
 * power of two: after one half life a little over 0.50007 is left. The same here, so that the numbers are the same.
 */

/** The smallest normal double: usage fades to nearly nothing, never to nothing. */
const LEAST_FACTOR = 2 ** -1022

/** What one second leaves of usage. A half life of 0 means that it does not fade. */
export function decayPerSecond(halfLifeS: number): number {
  // biome-ignore lint/suspicious/noApproximativeNumericConstant: the number that is released, not ln 2.
  return halfLifeS === 0 ? 1 : 1 - 0.693 / halfLifeS
}

/** What `seconds` leave of usage. */
export function decayOver(perSecond: number, seconds: number): number {
  return Math.max(LEAST_FACTOR, perSecond ** seconds)
}

/**
 * What a job that ran for `seconds` adds to its share's usage: seconds times billable units, faded as if all of it had been used at
 * the beginning. So a period is charged a little less than its length; the shorter the periods, the less it is.
 */
export function chargeOf(seconds: number, billableUnits: number, usageFactor: number, perSecond: number): number {
  return seconds * perSecond ** seconds * billableUnits * usageFactor
}
