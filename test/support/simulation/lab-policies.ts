import { DEFAULT_POLICY, PLAIN_ACCOUNT, PLAIN_MEMBER } from "../../../src/scheduler/policy/default-policy.ts"
import type { Policy } from "../../../src/scheduler/policy/policy.ts"
import { type Lab, MINUTE_MS } from "./lab.ts"

function accountsOf({ accounts, people }: Lab): Policy["accounts"] {
  return accounts.map(({ name, shares }) => ({
    ...PLAIN_ACCOUNT,
    name,
    shares,
    members: people
      .filter(({ account }) => account === name)
      .map(({ user }) => ({ ...PLAIN_MEMBER, user, isDefault: true })),
  }))
}

/** A GPU costs as much as ten cores; so all policies charge the same for the same. */
const BILLING: Policy["billing"] = { weights: { gpu: 10, cpu: 1, memory: 0.1 }, rule: "sum", hosts: [] }

/** What sites with Slurm begin with: multifactor priority with backfill, age and fair share; a requeued job starts anew; owners are nobody to it. */
export function slurmLikePolicy(lab: Lab): Policy {
  const { priority } = DEFAULT_POLICY
  return {
    ...DEFAULT_POLICY,
    accounts: accountsOf(lab),
    defaultAccount: lab.accounts[0]!.name,
    billing: BILLING,
    priority: { ...priority, weights: { ...priority.weights, age: 1_000, fairShare: 10_000 }, slurmAge: true },
    owners: { ...DEFAULT_POLICY.owners, first: false, preempt: false, uncharged: false },
  }
}

/**
 * What we recommend to a lab: shares first, age within a week, a lane for what is short, owners first on their own Macs; but guests there are let
 * finish, as what they lose is more than owners gain who do not sit at their Macs.
 */
export function windfallPolicy(lab: Lab): Policy {
  const { priority } = DEFAULT_POLICY
  return {
    ...DEFAULT_POLICY,
    accounts: accountsOf(lab),
    defaultAccount: lab.accounts[0]!.name,
    billing: BILLING,
    priority: { ...priority, weights: { ...priority.weights, age: 1_000, fairShare: 10_000 } },
    owners: { ...DEFAULT_POLICY.owners, preempt: false },
    shortLane: { longestMs: 30 * MINUTE_MS, interactiveOnly: false, runningPerUser: 2 },
  }
}
