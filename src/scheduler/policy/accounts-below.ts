import type { Policy } from "./policy.ts"

/** Those accounts and all below them. Names that are no accounts are left out. */
export function accountsBelow({ accounts }: Policy, names: readonly string[]): readonly string[] {
  if (names.length === 0) return []
  const parents = new Map(accounts.map(({ name, parent }) => [name, parent]))
  const top = new Set(names)
  const isBelow = (name: string) => {
    for (let one: string | null | undefined = name; one != null; one = parents.get(one)) if (top.has(one)) return true
    return false
  }
  return [...parents.keys()].filter(isBelow)
}

/** Accounts that the user coordinates, with all below them. */
export function coordinatedBy(policy: Policy, user: string): readonly string[] {
  const own = policy.accounts.filter(({ coordinators }) => coordinators.includes(user)).map(({ name }) => name)
  return accountsBelow(policy, own)
}
