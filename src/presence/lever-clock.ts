import { type Lever, type PauseWord, type RulesWord, VOICES, type Voice } from "../protocol/owner.ts"
import type { Moment } from "./moment.ts"

/** Clocks that differ by less are taken for the same: what is said of a clock is on its way for a while. */
export const SAME_CLOCK_MS = 5_000

/**
 * The same words by a clock that shows so much more: another one, or the same since it was set. A pause lasts as long as it was said to,
 * also one until six o'clock: at which six o'clock by a clock that was wrong nobody knows.
 */
export function leverMoved(lever: Lever, byMs: number): Lever {
  if (byMs === 0) return lever
  const pauses: Partial<Record<Voice, PauseWord>> = {}
  for (const voice of VOICES) {
    const word = lever.pauses[voice]
    if (word !== undefined) pauses[voice] = pauseMoved(word, byMs)
  }
  return { pauses, rules: lever.rules === null ? null : rulesMoved(lever.rules, byMs) }
}

/** So much later, as {@link leverMoved}. */
export function pauseMoved({ at, by, pause }: PauseWord, byMs: number): PauseWord {
  const until = pause === null || pause.until === null ? null : pause.until + byMs
  return { at: at + byMs, by, pause: pause === null ? null : { since: pause.since + byMs, until } }
}

/** So much later, as {@link leverMoved}. */
export function rulesMoved(word: RulesWord, byMs: number): RulesWord {
  return { ...word, at: word.at + byMs }
}

/** By how much the wall clock was set between two looks; 0 for what clocks drift. */
export function clockSetMs(before: Moment, now: Moment): number {
  const setMs = now.wallMs - before.wallMs - (now.sleepCountingMs - before.sleepCountingMs)
  return Math.abs(setMs) < SAME_CLOCK_MS ? 0 : setMs
}

/** Whether two accounts of a pause, moved from one clock to the other, are of the same word. */
export function isSamePause(one: PauseWord, other: PauseWord): boolean {
  return isAsLate(one, other) && pauseLength(one) === pauseLength(other)
}

/** The same for rules. */
export function isSameRules(one: RulesWord, other: RulesWord): boolean {
  return isAsLate(one, other) && rulesText(one) === rulesText(other)
}

function isAsLate(one: { readonly at: number; readonly by: string }, other: typeof one): boolean {
  return one.by === other.by && Math.abs(one.at - other.at) < SAME_CLOCK_MS
}

/** It does not change with the clock. */
function pauseLength({ at, pause }: PauseWord): number | null {
  if (pause === null) return null
  return pause.until === null ? Number.POSITIVE_INFINITY : pause.until - at
}

function rulesText({ rules }: RulesWord): string {
  return JSON.stringify(Object.entries(rules).sort(([a], [b]) => (a < b ? -1 : 1)))
}
