import type { BlobHash } from "../../protocol/ids.ts"
import type { HostMatch } from "../policy/host-match.ts"
import type { Policy } from "../policy/policy.ts"
import type { DescribedScene } from "./described-scene.ts"

/** In the words of each kind. */
const KINDS = {
  user: "user",
  account: "account",
  host: "mac",
  label: "label",
  value: "value",
  booking: "booking",
  data: "data",
  tree: "tree",
  job: "name",
}
type Kind = keyof typeof KINDS

/** The account of who is in none is called so in most pools, and tells nothing. */
const KEPT_ACCOUNT = "default"

/**
 * The same with other names of users, accounts, hosts, jobs, labels, bookings, data and trees, one for each and everywhere the same; texts that
 * hosts made are left out. Partitions, QOS, chips and licences keep theirs. The order of names stays, so that what
 * hangs on it does.
 */
export function maskScene(policy: Policy, described: DescribedScene): { policy: Policy; described: DescribedScene } {
  const found = new Map<Kind, Set<string>>()
  masked(policy, described, (kind, name) => {
    found.set(kind, (found.get(kind) ?? new Set()).add(name))
    return name
  })
  const names = new Map<string, string>()
  for (const [kind, all] of found) {
    const digits = `${all.size}`.length
    for (const [at, name] of [...all].sort().entries())
      names.set(`${kind} ${name}`, `${KINDS[kind]}${`${at + 1}`.padStart(digits, "0")}`)
  }
  return masked(policy, described, (kind, name) =>
    kind === "account" && name === KEPT_ACCOUNT ? name : names.get(`${kind} ${name}`)!,
  )
}

type Mask = (kind: Kind, name: string) => string

function masked(policy: Policy, described: DescribedScene, mask: Mask) {
  return { policy: maskedPolicy(policy, mask), described: maskedDescription(described, mask) }
}

function maskedPolicy(policy: Policy, mask: Mask): Policy {
  const user = (name: string) => mask("user", name)
  const account = (name: string) => mask("account", name)
  const orNull = (all: readonly string[] | null, one: (name: string) => string) => all?.map(one) ?? null
  return {
    ...policy,
    defaultAccount: account(policy.defaultAccount),
    accounts: policy.accounts.map((one) => ({
      ...one,
      name: account(one.name),
      parent: one.parent === null ? null : account(one.parent),
      coordinators: one.coordinators.map(user),
      members: one.members.map((member) => ({ ...member, user: user(member.user) })),
    })),
    partitions: policy.partitions.map((one) => ({
      ...one,
      hosts: one.hosts.map((match) => maskedMatch(match, mask)),
      users: orNull(one.users, user),
      accounts: orNull(one.accounts, account),
    })),
    billing: {
      ...policy.billing,
      hosts: policy.billing.hosts.map((one) => ({ ...one, match: maskedMatch(one.match, mask) })),
    },
    preferences: policy.preferences.map(({ match, users, accounts }) => ({
      match: maskedMatch(match, mask),
      users: users.map(user),
      accounts: accounts.map(account),
    })),
  }
}

function maskedMatch(match: HostMatch, mask: Mask): HostMatch {
  return {
    ...match,
    name: match.name === null ? null : mask("host", match.name),
    labels: maskedLabels(match.labels, mask),
  }
}

function maskedLabels(labels: Readonly<Record<string, string>>, mask: Mask): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(labels).map(([key, value]) => [mask("label", key), mask("value", value)]))
}

function maskedDescription(described: DescribedScene, mask: Mask): DescribedScene {
  const user = (name: string) => mask("user", name)
  const account = (name: string) => mask("account", name)
  const host = (name: string) => mask("host", name)
  const tree = (root: BlobHash) => mask("tree", root) as BlobHash
  const treeOrNull = (root: BlobHash | null) => (root === null ? null : tree(root))
  /** `account/user`, or a user alone. */
  const who = (key: string) => {
    const at = key.indexOf("/")
    return at === -1 ? user(key) : `${account(key.slice(0, at))}/${user(key.slice(at + 1))}`
  }
  const layer = (of: string) => {
    const [kind = "", name = ""] = of.split(" ")
    if (kind === "account") return `account ${account(name)}`
    return kind === "user" ? `user ${who(name)}` : of
  }
  const keys = <T>(all: Readonly<Record<string, T>>, one: (key: string) => string) =>
    Object.fromEntries(Object.entries(all).map(([key, value]) => [one(key), value]))
  const job = (one: DescribedScene["jobs"][number]) => ({
    ...one,
    name: one.name === null ? null : mask("job", one.name),
    user: one.user === null ? null : user(one.user),
    account: one.account === null ? null : account(one.account),
    hosts: one.hosts?.map(host) ?? null,
    askedHosts: one.askedHosts?.map(host) ?? null,
    data: one.data.map(({ name, root, ...rest }) => ({ ...rest, name: mask("data", name), root: treeOrNull(root) })),
    workspace: one.workspace === null ? null : { ...one.workspace, root: tree(one.workspace.root) },
    crashes: keys(one.crashes, host),
    roomAsked: one.roomAsked.map((room) => ({ ...room, hosts: room.hosts.map(host) })),
    reservation: one.reservation === null ? null : mask("booking", one.reservation),
  })
  return {
    ...described,
    hosts: described.hosts.map((one) => ({
      ...one,
      names: one.names.map(host),
      labels: maskedLabels(one.labels, mask),
      owner: one.owner === null ? null : user(one.owner),
      users: one.users?.map(user) ?? null,
      reason: null,
      withheld: one.withheld === null ? null : "withheld",
      obstacles: one.obstacles.map((each) => ({ ...each, text: null })),
      data: one.data.map((name) => mask("data", name)),
      trees: one.trees.map((root) => mask("tree", root)),
      network:
        one.network === null ? null : { ...one.network, trees: one.network.trees.map((root) => mask("tree", root)) },
      linked: one.linked === null ? null : { ...one.linked, mbpsTo: keys(one.linked.mbpsTo, host) },
      prefers:
        one.prefers?.map((each) => ({ users: each.users.map(user), accounts: each.accounts.map(account) })) ?? null,
    })),
    usage: keys(described.usage, who),
    fairShares: keys(described.fairShares, who),
    used: described.used.map((one) => ({ ...one, of: layer(one.of) })),
    jobs: described.jobs.map(job),
    running: described.running.map(job),
    gone: described.gone.map(host),
    reservations: described.reservations.map((one) => ({
      ...one,
      name: one.name === null ? null : mask("booking", one.name),
      hosts: one.hosts.map(host),
      users: one.users.map(user),
      accounts: one.accounts.map(account),
    })),
  }
}
