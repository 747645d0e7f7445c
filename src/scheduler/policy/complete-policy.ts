import { entriesOf, plainKey, type Report } from "../described/codec.ts"
import { DEFAULT_POLICY, PLAIN_QOS } from "./default-policy.ts"
import type { Policy, PolicyAccount } from "./policy.ts"

/**
 * Fills in what follows from the rest: the QOS `normal`, which is always there; which account, partition and QOS is meant where none is named;
 * and the first account of users who are in several.
 * @param value what the policy was read from: whether something was said at all
 */
export function completePolicy(read: Policy, value: unknown, report: Report): Policy {
  const said = new Set(entriesOf(value)?.map(([key]) => plainKey(key)))
  const defaultOf = (
    key: string,
    named: string,
    entries: readonly { readonly name: string }[],
    why: string,
  ): string => {
    if (said.has(key) || entries.some(({ name }) => name === named)) return named
    const [only] = entries
    if (entries.length !== 1 || only === undefined) report([], `${key} is missing: it says ${why}`)
    return only?.name ?? named
  }
  if (read.accounts.length === 0) report(["accounts"], "names no account: leave it out for a single one", "key")
  if (read.partitions.length === 0) report(["partitions"], "names no partition: leave it out for a single one", "key")
  const hasNormal = read.qos.some(({ name }) => name === PLAIN_QOS.name)
  return {
    ...read,
    accounts: withDefaultAccounts(read.accounts),
    defaultAccount:
      read.accounts.length === 0
        ? DEFAULT_POLICY.defaultAccount
        : defaultOf("default-account", read.defaultAccount, read.accounts, "whose account is theirs who are in none"),
    defaultPartition:
      read.partitions.length === 0
        ? DEFAULT_POLICY.defaultPartition
        : defaultOf("default-partition", read.defaultPartition, read.partitions, "where jobs wait that name none"),
    qos: hasNormal ? read.qos : [PLAIN_QOS, ...read.qos],
  }
}

function withDefaultAccounts(accounts: readonly PolicyAccount[]): readonly PolicyAccount[] {
  const settled = new Set(
    accounts.flatMap(({ members }) => members.flatMap(({ user, isDefault }) => (isDefault ? [user] : []))),
  )
  return accounts.map((account) => ({
    ...account,
    members: account.members.map((member) => {
      if (settled.has(member.user)) return member
      settled.add(member.user)
      return { ...member, isDefault: true }
    }),
  }))
}

/** The other way round: what {@link completePolicy} would find by itself is not said. */
export function withoutPlainDefaults(accounts: readonly PolicyAccount[]): readonly PolicyAccount[] {
  const met = new Set<string>()
  return accounts.map((account) => ({
    ...account,
    members: account.members.map((member) => {
      const isFirst = !met.has(member.user)
      met.add(member.user)
      return isFirst && member.isDefault ? { ...member, isDefault: false } : member
    }),
  }))
}
