/**
 * How often a host is asked again for what it said it has, while its link is up, before that is given up. A host out of
 * contact is waited for instead.
 */
export const TRIES = 8

const FIRST_WAIT_MS = 5_000
const LAST_WAIT_MS = 60_000

/** How long to wait after so many tries in a row (from 1) that brought nothing: some four minutes in all. */
export function waitAfterTry(tries: number): number {
  return Math.min(LAST_WAIT_MS, FIRST_WAIT_MS * 2 ** (tries - 1))
}
