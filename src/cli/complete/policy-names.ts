import { readPolicy } from "../../scheduler/policy/read-policy.ts"
import type { Candidate } from "./candidates.ts"

/** What a policy has names of. */
export type PolicyName = "ACCOUNT" | "QOS" | "PARTITION"

/** All names of a kind in a policy file; none where it cannot be read. */
export function namesInPolicy(text: string, named: PolicyName): Candidate[] {
  const { policy } = readPolicy(text)
  if (policy === null) return []
  const all = { ACCOUNT: policy.accounts, QOS: policy.qos, PARTITION: policy.partitions }[named]
  return all.map(({ name }) => ({ text: name, meaning: "" }))
}
