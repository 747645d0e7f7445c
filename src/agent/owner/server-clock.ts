import {
  isSamePause,
  isSameRules,
  leverMoved,
  pauseMoved,
  rulesMoved,
  SAME_CLOCK_MS,
} from "../../presence/lever-clock.ts"
import { type Lever, NO_LEVER, type PauseWord, type RulesWord, VOICES, type Voice } from "../../protocol/owner.ts"

/**
 * What was said of a host is written by the clock of whoever keeps it: on the host by its own, on the server by the server's. Here it is put
 * from one into the other, so that two hours are two hours on both, and the later word is the later one, however far their clocks are apart.
 * A word that goes back goes back as it came, to the millisecond: else each exchange would make a new one of it.
 */
export class ServerClock {
  /** By how much the server's clock shows more; `undefined` before it was heard. */
  #aheadMs: number | undefined
  /** As the server has said it last, and the same by this host's clock. */
  #heard: Lever = NO_LEVER
  #here: Lever = NO_LEVER

  /**
   * What the server says, by this host's clock.
   * @param serverMs its clock as it said so; absent from older servers, whose clock counts as this one
   * @param known what is kept here: a word in it that is the same stays as it is
   */
  take(lever: Lever, serverMs: number | undefined, known: Lever, nowMs: number): Lever {
    const aheadMs = serverMs === undefined ? 0 : serverMs - nowMs
    this.#aheadMs = Math.abs(aheadMs) < SAME_CLOCK_MS ? 0 : aheadMs
    this.#heard = lever
    this.#here = fromAhead(lever, this.#aheadMs, known)
    return this.#here
  }

  /** What is kept here, by the server's clock; `null` while that is not known: what the server lacks is found when it says what it has. */
  tell(lever: Lever): Lever | null {
    const aheadMs = this.#aheadMs
    if (aheadMs === undefined) return null
    const pauses: Partial<Record<Voice, PauseWord>> = {}
    for (const voice of VOICES) {
      const word = lever.pauses[voice]
      if (word === undefined) continue
      pauses[voice] = isAlike(word, this.#here.pauses[voice]) ? this.#heard.pauses[voice]! : pauseMoved(word, aheadMs)
    }
    const { rules } = lever
    if (rules === null) return { pauses, rules }
    return { pauses, rules: isAlike(rules, this.#here.rules) ? this.#heard.rules : rulesMoved(rules, aheadMs) }
  }

  /** This host's clock was set by so much. */
  wasSet(byMs: number): void {
    if (this.#aheadMs === undefined) return
    this.#aheadMs -= byMs
    this.#here = leverMoved(this.#here, byMs)
  }
}

function fromAhead(lever: Lever, aheadMs: number, known: Lever): Lever {
  const moved = leverMoved(lever, -aheadMs)
  const pauses: Partial<Record<Voice, PauseWord>> = {}
  for (const voice of VOICES) {
    const [word, own] = [moved.pauses[voice], known.pauses[voice]]
    if (word !== undefined) pauses[voice] = own !== undefined && isSamePause(word, own) ? own : word
  }
  const { rules } = moved
  return {
    pauses,
    rules: rules !== null && known.rules !== null && isSameRules(rules, known.rules) ? known.rules : rules,
  }
}

function isAlike<Word extends PauseWord | RulesWord>(word: Word, other: Word | null | undefined): boolean {
  return JSON.stringify(word) === JSON.stringify(other)
}
