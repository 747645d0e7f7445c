import { WindfallError } from "../../protocol/errors.ts"
import type { HostTerms, Lever, RuleTexts } from "../../protocol/owner.ts"
import { OWNER_CHECKS } from "../../protocol/owner-check.ts"

type Fields = Readonly<Record<string, unknown>>

/** The lever as a server or a file has it. @throws {WindfallError} for what is none */
export function readLever(value: unknown): Lever {
  OWNER_CHECKS.lever({ lever: value }, "owner")
  const { pauses, rules } = value as Lever
  return { pauses, rules }
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
