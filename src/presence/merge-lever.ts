import { type Lever, type PauseWord, type RulesWord, VOICES, type Voice } from "../protocol/owner.ts"

/**
 * What holds of two accounts of the same lever: voice by voice the word that was said later. It does not matter in which order
 * they are merged, or how often, so server and agent come to the same whatever was lost or came twice.
 */
export function mergeLevers(one: Lever, other: Lever): Lever {
  const pauses: Partial<Record<Voice, PauseWord>> = {}
  for (const voice of VOICES) {
    const word = laterPause(one.pauses[voice], other.pauses[voice])
    if (word !== undefined) pauses[voice] = word
  }
  return { pauses, rules: laterRules(one.rules, other.rules) }
}

/** Whether `other` has nothing that `lever` lacks. */
export function knowsAll(lever: Lever, other: Lever): boolean {
  return leverKey(mergeLevers(lever, other)) === leverKey(lever)
}

/** The same for levers that say the same, whatever the order of their fields. */
export function leverKey(lever: Lever): string {
  return JSON.stringify([VOICES.map((voice) => pauseKey(lever.pauses[voice])), rulesKey(lever.rules)])
}

function laterPause(one: PauseWord | undefined, other: PauseWord | undefined): PauseWord | undefined {
  if (one === undefined || other === undefined) return one ?? other
  if (one.at !== other.at) return one.at > other.at ? one : other
  // Said within the same millisecond at two places: the one that keeps jobs off for longer, so that nobody's pause is lost.
  const [ends, otherEnds] = [endOf(one), endOf(other)]
  if (ends !== otherEnds) return ends > otherEnds ? one : other
  return pauseKey(one) >= pauseKey(other) ? one : other
}

function laterRules(one: RulesWord | null, other: RulesWord | null): RulesWord | null {
  if (one === null || other === null) return one ?? other
  if (one.at !== other.at) return one.at > other.at ? one : other
  return rulesKey(one) >= rulesKey(other) ? one : other
}

function endOf({ pause }: PauseWord): number {
  return pause === null ? Number.NEGATIVE_INFINITY : (pause.until ?? Number.POSITIVE_INFINITY)
}

function pauseKey(word: PauseWord | undefined): string {
  if (word === undefined) return ""
  const { at, by, pause } = word
  return JSON.stringify([at, by, pause === null ? null : [pause.since, pause.until]])
}

function rulesKey(word: RulesWord | null): string {
  if (word === null) return ""
  const rules = Object.entries(word.rules).sort(([a], [b]) => (a < b ? -1 : 1))
  return JSON.stringify([word.at, word.by, rules])
}
