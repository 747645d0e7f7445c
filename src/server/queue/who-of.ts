import { DEFAULT_PARTITION, type JobSpec } from "../../protocol/job.ts"
import type { Policy, PolicyAccount } from "../../scheduler/policy/policy.ts"
import { Standings } from "../../scheduler/queue/standings.ts"
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
  const { byName, defaults } = accountsOf(policy)
  const account = asked.account ?? defaults.get(user) ?? policy.defaultAccount
  if (asked.qos !== null) return { account, qos: asked.qos }
  let qos: string | null = null
  for (let one = byName.get(account); one !== undefined && qos === null; ) {
    qos = one.members.find((member) => member.user === user)?.defaultQos ?? one.defaultQos
    one = one.parent === null ? undefined : byName.get(one.parent)
  }
  return { account, qos: qos ?? policy.defaultQos }
}

interface Accounts {
  readonly byName: ReadonlyMap<string, PolicyAccount>
  /** By user. */
  readonly defaults: ReadonlyMap<string, string>
}

const ACCOUNTS = new WeakMap<Policy, Accounts>()

function accountsOf(policy: Policy): Accounts {
  const known = ACCOUNTS.get(policy)
  if (known !== undefined) return known
  const defaults = new Map<string, string>()
  for (const { name, members } of policy.accounts) {
    for (const { user, isDefault } of members) if (isDefault && !defaults.has(user)) defaults.set(user, name)
  }
  const accounts = { byName: new Map(policy.accounts.map((one) => [one.name, one])), defaults }
  ACCOUNTS.set(policy, accounts)
  return accounts
}

const STANDINGS = new WeakMap<Policy, Standings>()

/** Why a job may not run at all as the policy is, in words; `null`: it may. */
export function refusalOf(policy: Policy, { user, spec }: Pick<JobRecord, "user" | "spec">): string | null {
  const standings = STANDINGS.get(policy) ?? new Standings(policy)
  STANDINGS.set(policy, standings)
  return standings.refusalOf({ user, ...placedAs(policy, user, spec), partitions: partitionsOf(policy, spec) })
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
