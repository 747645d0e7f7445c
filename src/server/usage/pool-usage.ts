import type { Policy } from "../../scheduler/policy/policy.ts"
import type { UsedMinutes } from "../../scheduler/queue/queue-scene.ts"
import { readAmountKey, readLeaf } from "../../scheduler/share/usage-periods.ts"
import type { Core } from "../core.ts"
import { currentPolicy } from "../policy/pool-policy.ts"
import { accountOf } from "./charge-terms.ts"

/** What has been used, faded, until the last period that is charged: what shares and limits on used minutes are reckoned from. */
export interface PoolUsage {
  /**
   * In billable units times seconds, by `account/user`; what is donated is taken off, down to nothing. Who is in no account and used
   * nothing is there with 0: a share that nobody uses counts, too.
   */
  readonly byUser: ReadonlyMap<string, number>
  /** As {@link byUser}: for what others were charged on their Macs. */
  readonly donated: ReadonlyMap<string, number>
  /** By layer, as the queue's scene has it: `account vision`, `user vision/ann`, `qos long`, `root`. */
  readonly minutes: ReadonlyMap<string, UsedMinutes>
}

/**
 * As of the last commit, or within a change as of its end: nothing is charged here. The same object for as long as it is made from the same: it is
 * asked for at each pass, and changes once in a period.
 */
export function poolUsageOf(core: Core, policy: Policy = currentPolicy(core)): PoolUsage {
  const names = core.store.accounts.users().map(({ name }) => name)
  const { sums } = core.usage
  const known = KNOWN.get(core)
  if (known?.policy === policy && known.sums === sums && isAlike(known.names, names)) return known.usage
  const users = names.map((name) => `${accountOf(policy, name)}/${name}`)
  const usage = usageOfSums(sums, policy, users)
  KNOWN.set(core, { policy, sums, names, usage })
  return usage
}

const KNOWN = new WeakMap<
  Core,
  {
    readonly policy: Policy
    readonly sums: ReadonlyMap<string, number>
    readonly names: readonly string[]
    readonly usage: PoolUsage
  }
>()

function isAlike(some: readonly string[], others: readonly string[]): boolean {
  return some.length === others.length && some.every((name, at) => name === others[at])
}

/** @param sums of a book, in an order that is always the same for the same use: sums of doubles hang on it */
export function usageOfSums(
  sums: ReadonlyMap<string, number>,
  policy: Pick<Policy, "accounts">,
  users: readonly string[],
): PoolUsage {
  const byUser = new Map<string, number>(users.map((user) => [user, 0]))
  const donated = new Map<string, number>()
  const minutes = new Map<string, { minutes: Record<string, number>; wallMinutes: number }>()
  const parents = new Map(policy.accounts.map(({ name, parent }) => [name, parent]))
  for (const [key, amount] of [...sums].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))) {
    const { leaf, name } = readAmountKey(key)
    const { account, user, qos } = readLeaf(leaf)
    const who = `${account}/${user}`
    if (name === "donated") add(donated, who, amount)
    if (name === "units") add(byUser, who, amount)
    if (name === "donated") continue
    for (const layer of [...accountsUp(account, parents), `user ${who}`, `qos ${qos}`, "root"]) {
      const used = minutes.get(layer) ?? { minutes: {}, wallMinutes: 0 }
      minutes.set(layer, used)
      const resource = name === "units" ? "billing" : name
      if (name === "wall") used.wallMinutes += amount / 60
      else used.minutes[resource] = (used.minutes[resource] ?? 0) + amount / 60
    }
  }
  for (const [who, amount] of donated) byUser.set(who, Math.max(0, (byUser.get(who) ?? 0) - amount))
  return { byUser, donated, minutes }
}

function accountsUp(account: string, parents: ReadonlyMap<string, string | null>): string[] {
  const layers: string[] = []
  for (let name: string | null = account; name !== null && layers.length <= parents.size; ) {
    layers.push(`account ${name}`)
    name = parents.get(name) ?? null
  }
  return layers
}

function add(to: Map<string, number>, key: string, amount: number): void {
  to.set(key, (to.get(key) ?? 0) + amount)
}
