import { entriesOf, type Path, plainKey, type Report } from "../described/codec.ts"
import { checkPolicy } from "../policy/check-policy.ts"
import { completePolicy } from "../policy/complete-policy.ts"
import { DEFAULT_POLICY, PLAIN_ACCOUNT, PLAIN_PARTITION, PLAIN_QOS } from "../policy/default-policy.ts"
import type { Policy } from "../policy/policy.ts"
import { policyCodec } from "../policy/policy-codec.ts"
import type { DescribedScene } from "./described-scene.ts"

/** The policy of a described pool: as a policy file says it, and nothing for the default one. */
export function readFilePolicy(value: unknown, report: Report): Policy {
  if (value === undefined || value === null) return DEFAULT_POLICY
  const at = (path: Path): Path => (path[0] === "policy" ? path : ["policy", ...path])
  const reportBelow: Report = (path, problem, on) => report(at(path), problem, on)
  const read = policyCodec.read(value, [], reportBelow)
  if (read === undefined) return DEFAULT_POLICY
  const policy = completePolicy(read, value, reportBelow)
  checkPolicy(policy, reportBelow)
  return policy
}

/**
 * A file whose policy says nothing of accounts need not do so: those that its jobs name are there, each with one share. The same for partitions,
 * which then have all hosts, and for QOS.
 */
export function withNamed(policy: Policy, said: unknown, { jobs, running, hosts }: DescribedScene): Policy {
  const keys = new Set((entriesOf(said) ?? []).map(([key]) => plainKey(key)))
  const all = [...jobs, ...running]
  const missing = (names: Iterable<string | null>, known: readonly { readonly name: string }[]) =>
    [...new Set(names)].filter((name) => name !== null && !known.some((one) => one.name === name)) as string[]
  const accounts = missing(
    all.map(({ account }) => account),
    policy.accounts,
  )
  const partitions = missing(
    [...all.flatMap((job) => job.partitions ?? []), ...hosts.flatMap((host) => host.partitions ?? [])],
    policy.partitions,
  )
  const qos = missing(
    all.map((job) => job.qos),
    policy.qos,
  )
  const membersOf = (account: string) =>
    [...new Set(all.flatMap((job) => (job.account === account && job.user !== null ? [job.user] : [])))].map(
      (user) => ({
        user,
        shares: 1,
        limits: {},
        qos: null,
        defaultQos: null,
        rank: 0,
        isDefault: false,
      }),
    )
  return {
    ...policy,
    accounts: keys.has("accounts")
      ? policy.accounts
      : [...policy.accounts, ...accounts.map((name) => ({ ...PLAIN_ACCOUNT, name, members: membersOf(name) }))],
    partitions: keys.has("partitions")
      ? policy.partitions
      : [...policy.partitions, ...partitions.map((name) => ({ ...PLAIN_PARTITION, name }))],
    qos: keys.has("qos") ? policy.qos : [...policy.qos, ...qos.map((name) => ({ ...PLAIN_QOS, name }))],
  }
}
