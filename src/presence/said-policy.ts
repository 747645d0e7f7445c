import type { HostTerms, Lever, RuleTexts } from "../protocol/owner.ts"
import { type EffectivePolicy, effectivePolicy } from "./effective-policy.ts"
import { type OwnerPolicy, PRESET_NAMES, type PresetName } from "./owner-policy.ts"
import { readPolicy } from "./policy-values.ts"

/** Of which nothing was said. */
export const NO_FLEET: HostTerms["fleet"] = { preset: "default", rules: {} }

/** The rules of a Mac from what its fleet and its owner have said: what server, agent and command line go by. */
export function saidPolicy(fleet: HostTerms["fleet"], lever: Pick<Lever, "rules">): EffectivePolicy {
  return effectivePolicy(
    { preset: knownPreset(fleet.preset), values: saidValues(fleet.rules).values },
    saidValues(lever.rules?.rules ?? {}).values,
  )
}

/**
 * Rules as values. What cannot be read (a later release has said it) is left out and named, so that one such rule does not take
 * the others' force.
 */
export function saidValues(rules: RuleTexts): {
  readonly values: Partial<OwnerPolicy>
  readonly unread: readonly string[]
} {
  let values: Partial<OwnerPolicy> = {}
  const unread: string[] = []
  for (const [name, text] of Object.entries(rules)) {
    try {
      values = { ...values, ...readPolicy({ [name]: text }) }
    } catch {
      unread.push(name)
    }
  }
  return { values, unread }
}

/** The default is the kindest, so it stands for one that is not known here. */
function knownPreset(name: string): PresetName {
  return PRESET_NAMES.find((each) => each === name) ?? "default"
}
