import { HERE_IDLE_MS } from "./input-track.ts"
import {
  type Manners,
  mindsPresence,
  type OwnerPolicy,
  type PolicyKey,
  type PresetName,
  presetOf,
} from "./owner-policy.ts"
import { POLICY_FIELDS, POLICY_KEYS, ruleText } from "./policy-values.ts"
import type { PresenceRule } from "./presence.ts"

/** Looks are up to five seconds apart while nothing runs, but a key must not be missed between two that are less than half a second apart. */
const LEAST_HERE_IDLE_MS = 1_000

/** Who said a rule: the preset, the fleet for all of its Macs, or the owner for this one. */
export type PolicySource = "preset" | "fleet" | "owner"

/** What a fleet says for its Macs: a preset, and what is to be otherwise. */
export interface FleetPolicy {
  readonly preset: PresetName
  readonly values: Partial<OwnerPolicy>
}

/** What holds on one Mac, and where each of it comes from. */
export interface EffectivePolicy {
  readonly values: OwnerPolicy
  readonly manners: Manners
  readonly preset: PresetName
  readonly from: Readonly<Record<PolicyKey, PolicySource>>
}

/** The owner overrides the fleet, and the fleet its preset, rule by rule. */
export function effectivePolicy(fleet: FleetPolicy, owner: Partial<OwnerPolicy>): EffectivePolicy {
  const { values, manners } = presetOf(fleet.preset)
  const sourceOf = (key: PolicyKey): PolicySource =>
    owner[key] !== undefined ? "owner" : fleet.values[key] !== undefined ? "fleet" : "preset"
  return {
    values: { ...values, ...said(fleet.values), ...said(owner) },
    manners,
    preset: fleet.preset,
    from: Object.fromEntries(POLICY_KEYS.map((key) => [key, sourceOf(key)])) as Record<PolicyKey, PolicySource>,
  }
}

/** `null` says something in some rules; only what is absent falls through. */
function said(values: Partial<OwnerPolicy>): Partial<OwnerPolicy> {
  return Object.fromEntries(POLICY_KEYS.filter((key) => values[key] !== undefined).map((key) => [key, values[key]]))
}

/**
 * How looks are judged under a policy: who says that jobs start after 20 s means it, though input counts for a minute otherwise; and
 * who says 0 s means as soon as nobody is there. What is not asked under it changes nothing.
 */
export function presenceRule({ values, manners }: EffectivePolicy): PresenceRule {
  const waits = [
    ...(mindsPresence(values) ? [values.startAfterIdleMs] : []),
    ...(values.onReturn === "ignore" ? [] : [values.resumeAfterIdleMs]),
  ]
  const hereIdleMs = Math.max(LEAST_HERE_IDLE_MS, Math.min(HERE_IDLE_MS, ...waits))
  return { looksForAway: manners.looksForAway, hereIdleMs }
}

/** One line a rule, with where it comes from: "on_return: suspend (preset default)". */
export function policyLines({ values, from, preset }: EffectivePolicy): string[] {
  return POLICY_KEYS.map((key) => {
    const source = from[key] === "preset" ? `preset ${preset}` : `the ${from[key]} said so`
    return `${POLICY_FIELDS[key].name}: ${ruleText(key, values)} (${source})`
  })
}
