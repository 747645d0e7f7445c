import { closest } from "../../base/closest.ts"
import { type Path, type Report, shown } from "../described/codec.ts"
import { checkDefaults } from "./check-defaults.ts"
import { checkLimits } from "./check-limits.ts"
import { checkLimitsTogether } from "./check-limits-together.ts"
import { circlesOf } from "./circles.ts"
import type { Policy, PolicyAccount } from "./policy.ts"

const MINUTE_S = 60
/** Of accounts. */
const MAX_DEPTH = 200

/** Reports what the parts of a policy say of each other that cannot be, and limits that nobody can meet. */
export function checkPolicy(policy: Policy, report: Report): void {
  checkAccounts(policy, report)
  checkPartitions(policy, report)
  checkQos(policy, report)
  checkLimits(policy.limits, ["limits"], report)
  checkLimitsTogether(policy, report)
  checkDefaults(policy, report)
  policy.preferences.forEach(({ users, accounts }, at) => {
    const path = ["preferences", at]
    if (users.length + accounts.length === 0) report(path, "prefers nobody: name users or accounts")
    accounts.forEach((name) => {
      checkName("account", name, policy.accounts, [...path, "accounts"], report)
    })
  })
  const { halfLifeS, periodMs } = policy.usage
  if (halfLifeS !== 0 && halfLifeS < MINUTE_S) report(["usage", "half-life"], "must be at least a minute, or none")
  if (periodMs < 1000) report(["usage", "period"], "must be at least a second")
  const { gridMs, windowMs } = policy.backfill
  if (gridMs > windowMs)
    report(["backfill", "window"], "is shorter than a step of the grid, so that nothing could be planned")
}

function checkAccounts(policy: Policy, report: Report): void {
  const { accounts } = policy
  const defaults = new Set<string>()
  // That there is none at all is told where they should stand.
  if (accounts.length > 0) checkName("account", policy.defaultAccount, accounts, ["default-account"], report)
  for (const account of accounts) {
    const path = ["accounts", account.name]
    if (account.parent !== null) checkName("account", account.parent, accounts, [...path, "parent"], report)
    checkAllowed(account, policy, path, report)
    checkLimits(account.limits, [...path, "limits"], report)
    const met = new Set<string>()
    for (const member of account.members) {
      const own = [...path, "users", member.user]
      if (met.has(member.user)) report(own, "this user stands twice")
      met.add(member.user)
      if (member.isDefault && defaults.has(member.user)) {
        report([...own, "default"], "is said in two accounts: jobs that name no account can be in one only")
      }
      if (member.isDefault) defaults.add(member.user)
      checkAllowed(member, policy, own, report)
      checkLimits(member.limits, [...own, "limits"], report)
    }
  }
  checkDepth(accounts, report)
  for (const [first, ...others] of circlesOf(accounts, ({ parent }) => (parent === null ? [] : [parent]))) {
    const way = [first, ...others, first].join(" is in ")
    report(["accounts", first, "parent"], `goes in a circle: ${way}. One of them must be below the root: parent: none`)
  }
}

/** No pool has so many accounts within each other, and whatever walks the tree may rely on it. */
function checkDepth(accounts: readonly PolicyAccount[], report: Report): void {
  const byName = new Map(accounts.map((account) => [account.name, account]))
  for (const { name, parent } of accounts) {
    let above = parent
    let depth = 1
    for (; above !== null && depth <= MAX_DEPTH; depth++) above = byName.get(above)?.parent ?? null
    // The first of a chain is enough; in a circle all are as deep, and that is told as a circle.
    if (depth !== MAX_DEPTH + 1 || above === null || isInCircle(above, byName)) continue
    report(["accounts", name, "parent"], `is too deep: at most ${MAX_DEPTH} accounts may be within each other`)
    return
  }
}

function isInCircle(start: string, byName: ReadonlyMap<string, PolicyAccount>): boolean {
  const met = new Set<string>()
  for (let name: string | null = start; name !== null; name = byName.get(name)?.parent ?? null) {
    if (met.has(name)) return true
    met.add(name)
  }
  return false
}

function checkPartitions({ partitions, defaultPartition, accounts, qos }: Policy, report: Report): void {
  checkName("partition", defaultPartition, partitions, ["default-partition"], report)
  for (const partition of partitions) {
    const path = ["partitions", partition.name]
    for (const [key, allowed] of [
      ["users", partition.users],
      ["accounts", partition.accounts],
      ["allowed-qos", partition.allowedQos],
    ] as const) {
      if (allowed?.length === 0) report([...path, key], "lets nobody in: leave it out, or write any")
    }
    for (const name of partition.accounts ?? []) checkName("account", name, accounts, [...path, "accounts"], report)
    for (const name of partition.allowedQos ?? []) checkName("QOS", name, qos, [...path, "allowed-qos"], report)
    if (partition.qos !== null) checkName("QOS", partition.qos, qos, [...path, "qos"], report)
    const { defaultTimeMs, longestTimeMs } = partition
    if (defaultTimeMs !== null && longestTimeMs !== null && defaultTimeMs > longestTimeMs) {
      report(
        [...path, "default-time"],
        "is longer than longest-time, so that no job could do without a time of its own",
      )
    }
    checkLimits(partition.limits, [...path, "limits"], report)
  }
}

function checkQos({ qos, defaultQos }: Policy, report: Report): void {
  checkName("QOS", defaultQos, qos, ["default-qos"], report)
  for (const { name, preempts, limits } of qos) {
    const path = ["qos", name]
    for (const other of preempts) {
      if (other === name) report([...path, "preempts"], "names itself: jobs of one QOS do not preempt each other")
      else checkName("QOS", other, qos, [...path, "preempts"], report)
    }
    checkLimits(limits, [...path, "limits"], report)
  }
  for (const [first, ...others] of circlesOf(qos, ({ preempts }) => preempts)) {
    if (others.length === 0) continue
    const way = [first, ...others, first].join(" preempts ")
    report(["qos", first, "preempts"], `goes in a circle: ${way}. They would drive each other off for ever`)
  }
}

/** What QOS somebody may use, and which they use unasked. */
function checkAllowed(
  { qos, defaultQos }: { readonly qos: readonly string[] | null; readonly defaultQos: string | null },
  policy: Policy,
  path: Path,
  report: Report,
): void {
  if (qos?.length === 0)
    report([...path, "qos"], "allows no QOS, so that nobody could send a job: leave it out, or write any")
  for (const name of qos ?? []) checkName("QOS", name, policy.qos, [...path, "qos"], report)
  if (defaultQos === null) return
  checkName("QOS", defaultQos, policy.qos, [...path, "default-qos"], report)
  if (qos !== null && !qos.includes(defaultQos)) {
    report([...path, "default-qos"], `is ${defaultQos}, which qos (${qos.join(", ")}) does not allow`)
  }
}

function checkName(
  what: "account" | "partition" | "QOS",
  name: string,
  known: readonly { readonly name: string }[],
  path: Path,
  report: Report,
): void {
  if (known.some((one) => one.name === name)) return
  const names = known.map((one) => one.name)
  const near = closest(name, names)
  const some =
    names.length === 0
      ? "there is none"
      : names.length <= 10
        ? `there are ${names.join(", ")}`
        : "the file describes no such one"
  report(path, `there is no ${what} ${shown(name)}${near === undefined ? `; ${some}` : `: did you mean ${near}?`}`)
}
