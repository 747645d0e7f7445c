import { isSame } from "../described/codec.ts"
import type { Policy } from "./policy.ts"

/** What a policy says that decides nothing as the rest of it stands, in words. Nothing is wrong with it. */
export function policyNotices(policy: Policy): readonly string[] {
  const { accounts, partitions, qos, priority, preemption, fairShare } = policy
  const { weights } = priority
  const notices: string[] = []
  const shares = accounts.flatMap((account) => [account.shares, ...account.members.map((member) => member.shares)])
  if (weights.fairShare === 0 && shares.some((one) => one !== 1)) {
    notices.push("shares decide nothing: priority.weights.fair-share is 0")
  }
  if (weights.qos === 0 && differ(qos)) notices.push("ranks of QOS decide nothing: priority.weights.qos is 0")
  if (weights.partition === 0 && differ(partitions)) {
    notices.push("ranks of partitions decide nothing: priority.weights.partition is 0")
  }
  if (preemption.by !== "qos" && qos.some(({ preempts }) => preempts.length > 0)) {
    notices.push(`preempts of QOS decides nothing: preemption.by is ${preemption.by}`)
  }
  if (preemption.by === "qos" && qos.every(({ preempts }) => preempts.length === 0)) {
    notices.push("preemption.by is qos, and no QOS says whom it preempts")
  }
  if (preemption.by === "tier" && partitions.every(({ tier }) => tier === partitions[0]?.tier)) {
    notices.push("preemption.by is tier, and all partitions have one tier")
  }
  if (fairShare.algorithm === "fair_tree" && fairShare.dampening !== 1) {
    notices.push("fair-share.dampening decides nothing: it is for classic fair share")
  }
  for (const [at, { match }] of policy.billing.hosts.entries()) {
    if (policy.billing.hosts.slice(0, at).some((one) => isSame(one.match, match))) {
      notices.push(`entry ${at + 1} of billing.hosts decides nothing: an earlier one is about the same hosts`)
    }
  }
  return notices
}

function differ(entries: readonly { readonly rank: number }[]): boolean {
  return entries.some(({ rank }) => rank !== entries[0]?.rank)
}
