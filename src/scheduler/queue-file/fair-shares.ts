import type { Policy, PolicyAccount } from "../policy/policy.ts"
import { classicShare } from "../share/classic-share.ts"
import { fairTree } from "../share/fair-tree.ts"
import type { AccountShare, ShareNode, UserShare } from "../share/share-tree.ts"

/** The tree of a policy with what was used, by `account/user`. Users whom it does not name are in the account for all. */
export function shareTreeOf(policy: Policy, usage: ReadonlyMap<string, number>): AccountShare {
  const below = (parent: string | null): ShareNode[] =>
    policy.accounts
      .filter((one) => one.parent === parent)
      .map((one) => ({
        kind: "account",
        name: one.name,
        shares: one.shares,
        children: [...usersOf(one), ...below(one.name)],
      }))
  const usersOf = ({ name, members }: PolicyAccount): UserShare[] => {
    const user = (of: string, shares: UserShare["shares"]): UserShare => ({
      kind: "user",
      name: of,
      shares,
      usage: usage.get(`${name}/${of}`) ?? 0,
    })
    const named = new Set(members.map((one) => one.user))
    const others = name === policy.defaultAccount ? [...usage.keys()] : []
    return [
      ...members.map((one) => user(one.user, one.shares)),
      ...others.flatMap((key) => {
        const [account, other = ""] = key.split("/")
        return account === name && !named.has(other) ? [user(other, policy.newUserShares)] : []
      }),
    ]
  }
  return { kind: "account", name: "root", shares: 1, children: below(null) }
}

/** The factor of each user, by `account/user`. */
export function fairSharesOf(policy: Policy, usage: ReadonlyMap<string, number>): ReadonlyMap<string, number> {
  const tree = shareTreeOf(policy, usage)
  const { algorithm, mergeTiedAccounts, dampening } = policy.fairShare
  const rows = algorithm === "classic" ? classicShare(tree, dampening) : fairTree(tree, { mergeTiedAccounts })
  return new Map(
    rows.flatMap(({ kind, path, fairShare }) => (kind === "user" ? [[path.slice(-2).join("/"), fairShare ?? 0]] : [])),
  )
}
