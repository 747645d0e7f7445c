import type { Candidate } from "./victim-order.ts"

/**
 * The victims without those that can be spared, of whom nothing is released any more.
 * @param some that are tried, in the order in which they go: those that matter most first
 * @param isEnough whether it is enough if only these go
 */
export function leftOf(
  victims: readonly Candidate[],
  some: readonly Candidate[],
  release: (some: readonly Candidate[], times: 1 | -1) => void,
  isEnough: (rest: readonly Candidate[]) => boolean,
): readonly Candidate[] {
  let left = victims
  for (const one of some.toReversed()) {
    const rest = left.filter((each) => each !== one)
    release([one], 1)
    if (isEnough(rest)) left = rest
    else release([one], -1)
  }
  return left
}
