import { pauseMoved, rulesMoved } from "../../presence/lever-clock.ts"
import { WindfallError } from "../../protocol/errors.ts"
import { type HostTerms, isDate, type Lever, type RuleTexts } from "../../protocol/owner.ts"
import { OWNER_CHECKS } from "../../protocol/owner-check.ts"

type Fields = Readonly<Record<string, unknown>>

/** A word that is dated further in the future was written before the clock was set back. */
const WORD_SLACK_MS = 86_400_000

/**
 * The lever as a server or a file has it. A word whose times are no dates counts as not said: none said in earnest could ever replace it,
 * and nobody could be told of it.
 * @throws {WindfallError} for what is none
 */
export function readLever(value: unknown): Lever {
  const raw = object(value, "lever")
  const isSaid = (word: unknown) => hasDates(object(word, "lever"))
  const pauses = Object.entries(object(raw.pauses, "pauses")).filter(([, word]) => isSaid(word))
  const lever = {
    pauses: Object.fromEntries(pauses),
    rules: raw.rules !== null && isSaid(raw.rules) ? raw.rules : null,
  }
  OWNER_CHECKS.lever({ lever }, "owner")
  return lever as Lever
}

/**
 * As {@link readLever}, from a file of this host, which jobs can write, too. A word of the future counts as said now: it holds, for as long
 * as it was said to, and a later one can be said.
 * @param nowMs by the wall clock
 */
export function readKeptLever(value: unknown, nowMs: number): Lever {
  const lever = readLever(value)
  const isAhead = ({ at }: { readonly at: number }) => at > nowMs + WORD_SLACK_MS
  const pauses = Object.entries(lever.pauses).map(([voice, word]) => [
    voice,
    isAhead(word) ? pauseMoved(word, nowMs - word.at) : word,
  ])
  const { rules } = lever
  return {
    pauses: Object.fromEntries(pauses) as Lever["pauses"],
    rules: rules !== null && isAhead(rules) ? rulesMoved(rules, nowMs - rules.at) : rules,
  }
}

function hasDates({ at, pause }: Fields): boolean {
  if (typeof at === "number" && !isDate(at)) return false
  if (typeof pause !== "object" || pause === null) return true
  const { since, until } = pause as Fields
  return [since, until].every((time) => typeof time !== "number" || isDate(time))
}

/** The terms as a server or a file has them. @throws {WindfallError} `invalid_input` naming the field */
export function readTerms(value: unknown): HostTerms {
  const terms = object(value, "terms")
  const fleet = object(terms.fleet, "fleet")
  return {
    host: text(terms, "host"),
    owner: terms.owner === null ? null : text(terms, "owner"),
    consoleAccount: terms.consoleAccount === null ? null : text(terms, "consoleAccount"),
    fleet: { preset: text(fleet, "preset"), rules: texts(fleet.rules) },
  }
}

function texts(value: unknown): RuleTexts {
  const rules = object(value, "rules")
  for (const name of Object.keys(rules)) text(rules, name)
  return rules as RuleTexts
}

function object(value: unknown, name: string): Fields {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw wrong(name)
  return value as Fields
}

function text(fields: Fields, name: string): string {
  const value = fields[name]
  if (typeof value !== "string") throw wrong(name)
  return value
}

function wrong(name: string): WindfallError {
  return new WindfallError(
    "invalid_input",
    `Cannot read what was said of the host: its ${name.slice(0, 40)} is not valid`,
  )
}
