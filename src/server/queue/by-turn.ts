import { DEFAULT_POLICY } from "../../scheduler/policy/default-policy.ts"
import type { Policy } from "../../scheduler/policy/policy.ts"

/** Without a policy nobody is put before others, and nobody is preempted: what was said of a job's priority does not count either. */
export const BY_TURN: Policy = { ...DEFAULT_POLICY, owners: { ...DEFAULT_POLICY.owners, first: false, preempt: false } }
