import type { PolicyKey } from "./owner-policy.ts"
import { RETURN_REACTIONS } from "./owner-policy.ts"
import { POLICY_FIELDS } from "./policy-values.ts"

/**
 * What a rule can be, for a shell that completes it: all of it where there are only so many words, and else the word that stands for
 * none together with examples, which show how to write one. Never one alone: a shell would type that by itself.
 */
export const RULE_CHOICES: Readonly<Record<PolicyKey, readonly string[]>> = {
  startAfterIdleMs: ["0s", POLICY_FIELDS.startAfterIdleMs.example],
  onReturn: RETURN_REACTIONS,
  resumeAfterIdleMs: [POLICY_FIELDS.resumeAfterIdleMs.example, "10m"],
  vacateAfterMs: [POLICY_FIELDS.vacateAfterMs.example, "30m"],
  hours: ["always", POLICY_FIELDS.hours.example],
  never: ["nothing", POLICY_FIELDS.never.example],
  timeZone: ["own"],
  onBattery: ["no", "yes", POLICY_FIELDS.onBattery.example],
  lowPowerMode: ["no", "yes"],
  display: ["leave", "sleep"],
  who: ["everyone", "nobody"],
  keepMemoryBytes: ["default", POLICY_FIELDS.keepMemoryBytes.example],
}
