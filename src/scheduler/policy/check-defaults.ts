import { formatDuration } from "../../base/duration.ts"
import { type Path, pathText, type Report } from "../described/codec.ts"
import type { Limits } from "../limits/limits.ts"
import { nobody } from "./check-limits.ts"
import { namedHosts } from "./check-limits-together.ts"
import type { Policy, PolicyAccount, PolicyMember, PolicyPartition } from "./policy.ts"

const MINUTE_MS = 60_000

/** Reports what jobs get that ask for nothing, where that is not allowed them; and partitions with fewer hosts than their jobs need. */
export function checkDefaults(policy: Policy, report: Report): void {
  for (const partition of policy.partitions) {
    checkDefaultTime(policy, partition, report)
    checkHosts(policy, partition, report)
  }
  checkDefaultQos(policy, report)
}

/** By limits of the partition, and by those of the pool that nothing sets otherwise. */
function checkDefaultTime(policy: Policy, { name, defaultTimeMs, limits, qos }: PolicyPartition, report: Report): void {
  if (defaultTimeMs === null) return
  const own = [
    ...(isOverridden(policy, "wallMinutes") ? [] : [[limits, ["partitions", name, "limits"]] as const]),
    ...policy.qos.filter((one) => one.name === qos).map((one) => [one.limits, ["qos", one.name, "limits"]] as const),
  ]
  const set = [...policy.qos, ...policy.accounts, ...policy.accounts.flatMap(({ members }) => members)]
  const isSet = set.some(({ limits: { job } }) => job?.wallMinutes !== undefined)
  const all: (readonly [Limits, Path])[] = isSet ? own : [...own, [policy.limits, ["limits"]]]
  for (const [{ job }, path] of all) {
    if (job?.wallMinutes === undefined || defaultTimeMs <= job.wallMinutes * MINUTE_MS) continue
    const most = `${pathText([...path, "job", "wall-time"])} (${formatDuration(job.wallMinutes * MINUTE_MS)})`
    report(
      ["partitions", name, "default-time"],
      `is longer than ${most} allows, so that no job could do without a time of its own`,
    )
    return
  }
}

/** Where all hosts of it are named it has no more. */
function checkHosts(policy: Policy, { name, hosts, limits }: PolicyPartition, report: Report): void {
  const least = limits.job?.minHosts ?? 0
  const count = namedHosts({ hosts })
  if (count === null || count >= least || isOverridden(policy, "minHosts")) return
  const has = count === 1 ? "1 host" : `${count} hosts`
  report(["partitions", name, "limits", "job", "min-hosts"], nobody(`min-hosts is ${least}, and it has ${has}`))
}

/** Some jobs are free of that bound of partitions. */
function isOverridden({ qos }: Policy, bound: "wallMinutes" | "minHosts"): boolean {
  return qos.some(({ overridesPartition }) => overridesPartition.includes(bound))
}

/** Each list that keeps out the QOS which its users' jobs have unasked is told once. */
function checkDefaultQos(policy: Policy, report: Report): void {
  const byName = new Map(policy.accounts.map((account) => [account.name, account]))
  const told = new Set<string>()
  for (const account of policy.accounts) {
    const chain = chainOf(account, byName)
    const nobodys = account.name === policy.defaultAccount ? [null] : []
    for (const member of [...nobodys, ...account.members]) {
      const levels = [...(member === null ? [] : [levelOf(member, account)]), ...chain]
      const list = levels.find(({ qos }) => qos !== null)
      const unasked = levels.find(({ defaultQos }) => defaultQos !== null)
      const name = unasked?.defaultQos ?? policy.defaultQos
      // What both are said in one place is looked at there.
      if (list === undefined || list === unasked || list.qos!.length === 0 || list.qos!.includes(name)) continue
      // What is not there at all is told elsewhere.
      if (![name, ...list.qos!].every((one) => policy.qos.some((each) => each.name === one))) continue
      const path = [...list.path, "qos"]
      if (told.has(pathText(path))) continue
      told.add(pathText(path))
      const from = unasked === undefined ? "default-qos" : pathText([...unasked.path, "default-qos"])
      report(
        path,
        `does not allow ${name}, which jobs have that name none, by ${from}: allow it, or give a default-qos here`,
      )
    }
  }
}

interface Level {
  readonly path: Path
  readonly qos: readonly string[] | null
  readonly defaultQos: string | null
}

function levelOf({ user, qos, defaultQos }: PolicyMember, { name }: PolicyAccount): Level {
  return { path: ["accounts", name, "users", user], qos, defaultQos }
}

/** From an account up. A circle is told elsewhere. */
function chainOf(account: PolicyAccount, byName: ReadonlyMap<string, PolicyAccount>): Level[] {
  const chain: Level[] = []
  const met = new Set<string>()
  for (let one: PolicyAccount | undefined = account; one !== undefined && !met.has(one.name); ) {
    met.add(one.name)
    chain.push({ path: ["accounts", one.name], qos: one.qos, defaultQos: one.defaultQos })
    one = one.parent === null ? undefined : byName.get(one.parent)
  }
  return chain
}
