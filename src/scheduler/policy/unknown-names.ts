import { closest } from "../../base/closest.ts"
import type { HostMatch, MatchedHost } from "./host-match.ts"
import { matchesHost } from "./host-match.ts"
import type { Policy } from "./policy.ts"

/** What a pool has now. */
export interface KnownNames {
  readonly hosts: readonly MatchedHost[]
  readonly users: readonly string[]
}

/**
 * What a policy names that the pool does not know, in words, each name once, where it stands first. Nothing is wrong with it: hosts and users may
 * come later. But a slip of the pen looks the same.
 */
export function unknownNames(policy: Policy, known: KnownNames): readonly string[] {
  const notices = new Map<string, string>()
  for (const [place, match] of matchesIn(policy)) {
    for (const [key, what, names] of unknownIn(match, known.hosts)) {
      if (!notices.has(key)) notices.set(key, `${place}: no host of the pool ${what}${guess(names.typed, names.near)}`)
    }
  }
  const users = new Set(known.users)
  for (const [place, user] of usersIn(policy)) {
    const key = `user ${user}`
    if (users.has(user) || notices.has(key)) continue
    notices.set(key, `${place}: the pool has no user ${user}${guess(user, known.users)}`)
  }
  return [...notices.values()]
}

function guess(typed: string, known: readonly string[]): string {
  const near = closest(typed, known)
  return near === undefined || near === typed ? "" : `: did you mean ${near}?`
}

function* matchesIn({ partitions, billing, preferences }: Policy): Generator<readonly [string, HostMatch]> {
  for (const { name, hosts } of partitions) for (const match of hosts) yield [`partitions.${name}.hosts`, match]
  for (const { match } of billing.hosts) yield ["billing.hosts", match]
  for (const { match } of preferences) yield ["preferences", match]
}

function* usersIn({ accounts, partitions, preferences }: Policy): Generator<readonly [string, string]> {
  for (const { name, members, coordinators } of accounts) {
    for (const { user } of members) yield [`accounts.${name}.users`, user]
    for (const user of coordinators) yield [`accounts.${name}.coordinators`, user]
  }
  for (const { name, users } of partitions) for (const user of users ?? []) yield [`partitions.${name}.users`, user]
  for (const { users } of preferences) for (const user of users) yield ["preferences", user]
}

type Unknown = readonly [key: string, what: string, names: { readonly typed: string; readonly near: readonly string[] }]

/** What of a match no host has, each part by itself; or that none has all of it. */
function unknownIn(match: HostMatch, hosts: readonly MatchedHost[]): Unknown[] {
  if (hosts.some((host) => matchesHost(match, host))) return []
  const found: Unknown[] = []
  const alone = { name: null, chip: null, labels: {} }
  const isKnown = (part: Partial<HostMatch>) => hosts.some((host) => matchesHost({ ...alone, ...part }, host))
  const { name, chip, labels } = match
  if (name !== null && !isKnown({ name })) {
    found.push([`host ${name}`, `is named ${name}`, { typed: name, near: hosts.map((host) => host.name) }])
  }
  if (chip !== null && !isKnown({ chip })) {
    const near = hosts.flatMap((host) => host.chip ?? [])
    found.push([`chip ${chip}`, `is known to have the chip ${chip}`, { typed: chip, near: [...new Set(near)] }])
  }
  for (const [label, value] of Object.entries(labels)) {
    if (isKnown({ labels: { [label]: value } })) continue
    const near = hosts.flatMap((host) => Object.entries(host.labels).map(([key, its]) => `${key}=${its}`))
    const typed = `${label}=${value}`
    found.push([`label ${typed}`, `has the label ${typed}`, { typed, near: [...new Set(near)] }])
  }
  if (found.length === 0 && hosts.length > 0) {
    const words = [name, chip, ...Object.entries(labels).map((pair) => pair.join("="))].filter((word) => word !== null)
    if (words.length > 0)
      found.push([`all ${words.join(" ")}`, `is all of ${words.join(", ")}`, { typed: "", near: [] }])
  }
  return found
}
