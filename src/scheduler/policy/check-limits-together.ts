import { type Path, pathText, type Report } from "../described/codec.ts"
import { amountText } from "../limits/limit-words.ts"
import { entriesOf, type LayerKind, type LimitLayer, type Limits, limitsInForce } from "../limits/limits.ts"
import { nobody } from "./check-limits.ts"
import type { Policy, PolicyAccount, PolicyPartition } from "./policy.ts"

/** Limits as a policy file has them: where, and at which layer they hold. */
interface Written {
  readonly kind: LayerKind
  readonly limits: Limits
  readonly path: Path
  /** Of a partition: so many it has, where all are named. */
  readonly hosts?: number
}

/** A limit that holds for all jobs that are looked at. */
interface Holding {
  readonly amount: number
  readonly path: Path
  readonly scope: "group" | "user" | "account" | "job"
  readonly at: Written
}

/**
 * Reports limits that contradict each other, so that nobody can meet all of them: those of one layer, and those of layers that hold together for every
 * job of an account, a user, a partition or a QOS. Of several layers only what no other layer could set otherwise before.
 */
export function checkLimitsTogether(policy: Policy, report: Report): void {
  const { accounts, partitions, qos } = policy
  const root: Written = { kind: "root", limits: policy.limits, path: ["limits"] }
  const byName = new Map(accounts.map((account) => [account.name, account]))
  const classes = new Map(qos.map((one) => [one.name, writtenOf("qos", one.limits, ["qos", one.name])]))
  const members = accounts.flatMap(({ name, members }) =>
    members.map(({ user, limits }) => writtenOf("user", limits, ["accounts", name, "users", user])),
  )
  const written = new Map(
    accounts.map(({ name, limits }) => [name, writtenOf("account", limits, ["accounts", name])] as const),
  )
  const keys = new KeysSet([...classes.values(), ...members, ...written.values()])
  const bounds = new Set(
    qos.flatMap(({ overridesPartition }) => overridesPartition.map((limit) => `job ${limit} null`)),
  )
  check([root], new Set(), report)
  for (const one of [...classes.values()]) {
    check([one], new Set(), report)
    check([one, root], keys.without([one]), report)
  }
  for (const account of accounts) {
    const chain = chainOf(account, byName).flatMap(({ name }) => written.get(name) ?? [])
    if (chain[0] === undefined) continue
    check([chain[0]], new Set(), report)
    check([...chain, root], keys.without(chain), report)
    for (const { user, limits } of account.members) {
      const own = writtenOf("user", limits, ["accounts", account.name, "users", user])
      check([own], new Set(), report)
      check([own, ...chain, root], keys.without([...chain, own]), report)
    }
  }
  for (const { name, limits, qos: itsQos, hosts } of partitions) {
    const count = namedHosts({ hosts })
    const own = { ...writtenOf("partition", limits, ["partitions", name]), ...(count === null ? {} : { hosts: count }) }
    const first = itsQos === null ? undefined : classes.get(itsQos)
    check([own], new Set(), report)
    const above = first === undefined ? [] : [first]
    check([...above, root, own], new Set([...keys.without(above), ...bounds]), report, own)
  }
}

function writtenOf(kind: LayerKind, limits: Limits, path: Path): Written {
  return { kind, limits, path: [...path, "limits"] }
}

/** From an account up. */
function chainOf(account: PolicyAccount, byName: ReadonlyMap<string, PolicyAccount>): readonly PolicyAccount[] {
  const chain = new Set<PolicyAccount>()
  let one: PolicyAccount | undefined = account
  // A circle is reported elsewhere.
  while (one !== undefined && !chain.has(one)) {
    chain.add(one)
    one = one.parent === null ? undefined : byName.get(one.parent)
  }
  return [...chain]
}

/** How many of some layers set each limit. */
class KeysSet {
  readonly #counts = new Map<string, number>()

  constructor(all: readonly Written[]) {
    for (const one of all) for (const key of keysOf(one)) this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1)
  }

  /** Limits that others than these set. */
  without(some: readonly Written[]): ReadonlySet<string> {
    const left = new Map<string, number>()
    for (const key of some.flatMap(keysOf)) left.set(key, (left.get(key) ?? this.#counts.get(key) ?? 0) - 1)
    return new Set([...this.#counts.keys()].filter((key) => left.get(key) !== 0))
  }
}

function keysOf({ limits }: Written): string[] {
  return entriesOf(limits).map(({ scope, limit, resource }) => `${scope} ${limit} ${resource}`)
}

/**
 * @param layers in the order of limits
 * @param elsewhere limits that other layers may set before these: of some jobs they do not hold
 * @param own the layer that is to be part of what is told; the others are told by themselves
 */
function check(layers: readonly Written[], elsewhere: ReadonlySet<string>, report: Report, own = layers[0]): void {
  const of = new Map<LimitLayer, Written>()
  for (const one of layers) of.set({ kind: one.kind, name: "", limits: one.limits, counts: NOTHING }, one)
  const holding = new Map<string, Holding[]>()
  for (const { layer, scope, limit, resource, most } of limitsInForce([...of.keys()])) {
    const at = of.get(layer)
    if (at === undefined || (scope !== "group" && elsewhere.has(`${scope} ${limit} ${resource}`))) continue
    const path = [...at.path, scope, keyOf(limit), ...(resource === null ? [] : [resource])]
    const key = `${limit} ${resource}`
    holding.set(key, [...(holding.get(key) ?? []), { amount: most, path, scope, at }])
  }
  const get = (limit: string, resource: string | null) => holding.get(`${limit} ${resource}`) ?? []
  /** What is of one layer alone is told where that is looked at alone. */
  const isNew = (...some: readonly Holding[]) =>
    layers.length === 1 || (some.some(({ at }) => at === own) && new Set(some.map(({ at }) => at)).size > 1)
  const maxHosts = get("maxHosts", null)
  for (const least of get("minHosts", null)) {
    for (const most of maxHosts.filter((one) => one.amount < least.amount && isNew(least, one)))
      report(least.path, nobody(`min-hosts is ${least.amount} and max-hosts ${most.amount}${by(least, most)}`))
    for (const most of get("resources", "cpu").filter((one) => one.amount < least.amount && isNew(least, one)))
      report(
        least.path,
        nobody(`so many hosts need a core each, and ${whose(most)} may have ${most.amount} by ${pathText(most.path)}`),
      )
  }
  const resources = new Set([...holding.keys()].filter((key) => key.startsWith("minResources ")))
  for (const key of resources) {
    const resource = key.slice("minResources ".length)
    const text = (amount: number) => amountText("resources", resource, amount)
    for (const least of holding.get(key) ?? []) {
      for (const most of get("resources", resource).filter((one) => one.amount < least.amount && isNew(least, one))) {
        if (most.scope === "job")
          report(
            least.path,
            nobody(`the least is ${text(least.amount)} and the most ${text(most.amount)}${by(least, most)}`),
          )
        else {
          const needs = least.at === most.at ? "job.min-resources" : pathText(least.path)
          report(
            most.path,
            nobody(
              `each job needs ${text(least.amount)} by ${needs}, and ${whose(most)} may have ${text(most.amount)}`,
            ),
          )
        }
      }
      // No job has licences of one host.
      if (resource.startsWith("license/")) continue
      for (const perHost of get("resourcesPerHost", resource)) {
        const most = mostHosts([...maxHosts, ...hostsOf(layers)], get("resources", "cpu")).find(
          ({ by: hosts, amount }) =>
            perHost.amount * amount < least.amount && isNew(...[least, perHost, hosts].filter((one) => one !== null)),
        )
        if (most === undefined) continue
        report(least.path, nobody(perHostText(least, perHost, most, text)))
      }
    }
  }
}

/** How many hosts a job may have at most. */
interface MostHosts {
  readonly amount: number
  /** `null`: any number; none of something comes to none. */
  readonly by: Holding | null
  readonly isByCores: boolean
}

function mostHosts(hosts: readonly Holding[], cores: readonly Holding[]): readonly MostHosts[] {
  return [
    { amount: Number.MAX_SAFE_INTEGER, by: null, isByCores: false },
    ...hosts.map((by) => ({ amount: by.amount, by, isByCores: false })),
    ...cores.map((by) => ({ amount: Math.floor(by.amount), by, isByCores: true })),
  ]
}

/** Those of a partition, where all of them are named. */
function hostsOf(layers: readonly Written[]): readonly Holding[] {
  return layers.flatMap((at) =>
    at.hosts === undefined ? [] : { amount: at.hosts, path: [...at.path.slice(0, -1), "hosts"], scope: "job", at },
  )
}

function perHostText(least: Holding, perHost: Holding, most: MostHosts, text: (amount: number) => string): string {
  const { amount, by: hosts, isByCores } = most
  if (hosts === null)
    return `the least is ${text(least.amount)}, and any hosts with ${text(perHost.amount)} each come to ${text(0)}${by(least, perHost)}`
  const many = `${amount === 1 ? "1 host" : `${amount} hosts`} at most${isByCores ? ", of a core each," : ""}`
  return `the least is ${text(least.amount)}, and ${many} with ${text(perHost.amount)} each come to ${text(perHost.amount * amount)}${by(least, perHost, hosts)}`
}

/** How many hosts it has; `null`: not all are named. */
export function namedHosts({ hosts }: Pick<PolicyPartition, "hosts">): number | null {
  const names = new Set(hosts.map(({ name }) => name))
  return names.has(null) ? null : names.size
}

const NOTHING: LimitLayer["counts"] = {
  group: { runningJobs: 0, submittedJobs: 0, resources: {}, minutes: {}, runningMinutes: {}, wallMinutes: 0 },
  user: { runningJobs: 0, submittedJobs: 0, resources: {} },
  account: { runningJobs: 0, submittedJobs: 0, resources: {} },
}

/** As the file has it. */
function keyOf(limit: string): string {
  return limit.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}

function whose({ scope }: Holding): string {
  return scope === "job" ? "a job" : "all together"
}

/** Where the others stand, if elsewhere. */
function by(least: Holding, ...others: readonly Holding[]): string {
  const paths = others.filter(({ at }) => at !== least.at).map(({ path }) => pathText(path))
  return paths.length === 0 ? "" : ` by ${paths.join(" and ")}`
}
