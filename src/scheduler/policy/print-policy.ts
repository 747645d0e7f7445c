import { stringify } from "yaml"
import { withoutPlainDefaults } from "./complete-policy.ts"
import type { Policy } from "./policy.ts"
import { policyCodec } from "./policy-codec.ts"

/** A policy file that is read as this policy. What is as it would be without being said is left out; so is all of the empty policy. */
export function printPolicy(policy: Policy): string {
  const written = policyCodec.write({ ...policy, accounts: withoutPlainDefaults(policy.accounts) }) as Map<
    string,
    unknown
  >
  return written.size === 0 ? "" : stringify(written, { lineWidth: 0, aliasDuplicateObjects: false })
}
