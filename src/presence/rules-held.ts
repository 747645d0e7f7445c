import type { HostRule } from "../protocol/host.ts"
import type { EffectivePolicy } from "./effective-policy.ts"
import { POLICY_FIELDS, POLICY_KEYS, ruleText } from "./policy-values.ts"

/** One rule after the other, as people write them. */
export function ruleViews({ values, from }: EffectivePolicy): HostRule[] {
  return POLICY_KEYS.map((key) => ({ name: POLICY_FIELDS[key].name, value: ruleText(key, values), from: from[key] }))
}

/**
 * What holds now of the rules that somebody has just set or taken back, as whole lines under a title. A value is shown as it was
 * read, which need not be as it was typed; what was taken back shows what holds in its place, and who says so.
 */
export function rulesHeldText(rules: readonly HostRule[], preset: string, names: readonly string[]): string {
  const lines = rules
    .filter(({ name }) => names.includes(name))
    .map(
      ({ name, value, from }) =>
        `  ${name}: ${value} (${from === "preset" ? `preset ${preset}` : `the ${from} said so`})`,
    )
  return [`From now on ${lines.length === 1 ? "this rule holds" : "these rules hold"}:`, ...lines].join("\n")
}
