import type { HostRule } from "../protocol/host.ts"
import type { RulesWord } from "../protocol/owner.ts"
import type { EffectivePolicy } from "./effective-policy.ts"
import { POLICY_FIELDS, POLICY_KEYS, ruleText } from "./policy-values.ts"

/** One rule after the other, as people write them. @param word what was said of this host alone */
export function ruleViews({ values, from }: EffectivePolicy, word: RulesWord | null): HostRule[] {
  return POLICY_KEYS.map((key): HostRule => {
    const { name } = POLICY_FIELDS[key]
    const source = from[key]
    const rule = { name, value: ruleText(key, values) }
    if (source !== "owner") return { ...rule, from: source, by: null }
    return { ...rule, from: "host", by: word?.saidBy?.[name] ?? word?.by ?? null }
  })
}

/** Who says a rule, in words: "preset default", "the fleet", "ada". */
export function sayerText({ from, by }: Pick<HostRule, "from" | "by">, preset: string): string {
  if (from === "preset") return `preset ${preset}`
  // A server of an earlier release does not say who.
  return from === "fleet" ? "the fleet" : (by ?? "somebody who may")
}

/**
 * What holds now of the rules that somebody has just set or taken back, as whole lines under a title. A value is shown as it was
 * read, which need not be as it was typed; what was taken back shows what holds in its place, and who says so.
 */
export function rulesHeldText(rules: readonly HostRule[], preset: string, names: readonly string[]): string {
  const lines = rules
    .filter(({ name }) => names.includes(name))
    .map((rule) => {
      const sayer = sayerText(rule, preset)
      return `  ${rule.name}: ${rule.value} (${rule.from === "preset" ? sayer : `${sayer} said so`})`
    })
  return [`From now on ${lines.length === 1 ? "this rule holds" : "these rules hold"}:`, ...lines].join("\n")
}
