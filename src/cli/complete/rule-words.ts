import type { PolicyKey } from "../../presence/owner-policy.ts"
import { POLICY_FIELDS, POLICY_KEYS } from "../../presence/policy-values.ts"
import { RULE_CHOICES } from "../../presence/rule-choices.ts"
import type { Cli } from "../cli.ts"
import type { Candidate } from "./candidates.ts"
import { namesOf } from "./server-names.ts"

export interface RuleWords {
  readonly candidates: readonly Candidate[]
  /** What of the last word stands for them so far. */
  readonly typed: string
}

/** Whose operands are rules as `RULE=VALUE`. */
const OF_RULES: ReadonlySet<string> = new Set(["mac rules", "fleet policy"])
/** Whose operands are the value of one. */
const OF_VALUES: ReadonlyMap<string, PolicyKey> = new Map([
  ["mac hours", "hours"],
  ["mac never", "never"],
])

/** Whether the words of this command may be `RULE=VALUE`. */
export function takesRules(words: readonly string[]): boolean {
  return OF_RULES.has(words.slice(0, 2).join(" "))
}

/** What may stand where a rule or its value does. @returns `undefined` for a command that has none there */
export async function ruleWords(
  cli: Cli,
  command: string,
  operands: readonly string[],
  signal: AbortSignal,
): Promise<RuleWords | undefined> {
  const last = operands.at(-1) ?? ""
  const [first = ""] = operands
  const only = OF_VALUES.get(command)
  if (only !== undefined) {
    return { candidates: operands.length === 1 ? await valuesOf(cli, only, signal) : [], typed: last }
  }
  if (!OF_RULES.has(command)) return undefined
  const at = last.indexOf("=")
  if (at >= 0) {
    return { candidates: await valuesOf(cli, keyOf(last.slice(0, at)), signal), typed: last.slice(at + 1) }
  }
  // One rule may also be followed by its value.
  const isMac = command === "mac rules"
  if (isMac && operands.length === 1) return { candidates: ruleNames(), typed: last }
  if (isMac && !first.includes("=")) {
    return { candidates: operands.length === 2 ? await valuesOf(cli, keyOf(first), signal) : [], typed: last }
  }
  return { candidates: await pairs(cli, last, signal), typed: last }
}

/** Every rule by its name. */
export function ruleNames(): Candidate[] {
  return POLICY_KEYS.map((key) => ({ text: POLICY_FIELDS[key].name, meaning: POLICY_FIELDS[key].help }))
}

/** A shell puts a blank behind the only candidate there is. So where one rule is left it is offered with each of its values. */
async function pairs(cli: Cli, typed: string, signal: AbortSignal): Promise<Candidate[]> {
  const left = ruleNames().filter(({ text }) => text.startsWith(typed))
  const [only] = left
  if (only === undefined || left.length > 1) return left.map(({ text, meaning }) => ({ text: `${text}=`, meaning }))
  const values = await valuesOf(cli, keyOf(only.text), signal)
  return values.map(({ text, meaning }) => ({ text: `${only.text}=${text}`, meaning }))
}

function keyOf(name: string): PolicyKey | undefined {
  return POLICY_KEYS.find((key) => POLICY_FIELDS[key].name === name)
}

async function valuesOf(cli: Cli, rule: PolicyKey | undefined, signal: AbortSignal): Promise<Candidate[]> {
  if (rule === undefined) return []
  const choices = RULE_CHOICES[rule].map(plain)
  if (rule === "timeZone") return [...choices, ...Intl.supportedValuesOf("timeZone").map(plain)]
  if (rule !== "who") return choices
  // At a Mac without a login there is nobody to ask; the words are there all the same.
  return [...choices, ...(await users(cli, signal))]
}

async function users(cli: Cli, signal: AbortSignal): Promise<Candidate[]> {
  try {
    return await namesOf(cli, "USER", "", signal)
  } catch {
    return []
  }
}

function plain(text: string): Candidate {
  return { text, meaning: "" }
}
