import { DEFAULT_PARTITION, type JobSpec } from "../../protocol/job.ts"
import type { Policy } from "../../scheduler/policy/policy.ts"
import type { JobRecord } from "../../store/job-record.ts"
import { queueAskedOf, timeLimitOf } from "./standing.ts"

/** In which partitions a job waits by the policy. The usual name means the policy's own where its sender named none. */
export function partitionsOf(policy: Policy, spec: JobSpec): readonly string[] {
  const asked = queueAskedOf({ spec }).partitions
  if (asked !== null) return [...new Set(asked)]
  return [spec.partition === DEFAULT_PARTITION ? policy.defaultPartition : spec.partition]
}

/** The account and the QOS that a job has: what was asked for, else what the policy says of its sender. */
export function placedAs(
  policy: Policy,
  user: string,
  spec: JobSpec,
): { readonly account: string; readonly qos: string } {
  const asked = queueAskedOf({ spec })
  const own = policy.accounts.find(({ members }) => members.some((one) => one.user === user && one.isDefault))
  const account = asked.account ?? own?.name ?? policy.defaultAccount
  if (asked.qos !== null) return { account, qos: asked.qos }
  const byName = new Map(policy.accounts.map((one) => [one.name, one]))
  let qos: string | null = null
  for (let one = byName.get(account); one !== undefined && qos === null; ) {
    qos = one.members.find((member) => member.user === user)?.defaultQos ?? one.defaultQos
    one = one.parent === null ? undefined : byName.get(one.parent)
  }
  return { account, qos: qos ?? policy.defaultQos }
}

/** The time limit it has in this partition: its own, else the partition's default, else its longest; `null` for none. */
export function effectiveLimitOf(
  policy: Policy,
  job: Pick<JobRecord, "spec" | "standing">,
  partition: string,
): number | null {
  const own = timeLimitOf(job)
  if (own !== null) return own
  const found = policy.partitions.find(({ name }) => name === partition)
  return found?.defaultTimeMs ?? found?.longestTimeMs ?? null
}
