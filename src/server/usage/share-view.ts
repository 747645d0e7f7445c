import type { ShareRowView, ShareView } from "../../protocol/usage-api.ts"
import { shareTreeOf } from "../../scheduler/queue-file/fair-shares.ts"
import { type ClassicShareRow, classicShare } from "../../scheduler/share/classic-share.ts"
import { type FairTreeRow, fairTree } from "../../scheduler/share/fair-tree.ts"
import type { Core } from "../core.ts"
import { currentPolicy } from "../policy/pool-policy.ts"
import { poolUsageOf } from "./pool-usage.ts"

/** How the pool is shared, with the numbers that the factors of users come from. */
export function shareView(core: Core): ShareView {
  const policy = currentPolicy(core)
  const { byUser, donated } = poolUsageOf(core, policy)
  const tree = shareTreeOf(policy, byUser)
  const { algorithm, mergeTiedAccounts, dampening } = policy.fairShare
  const rows = algorithm === "classic" ? classicShare(tree, dampening) : fairTree(tree, { mergeTiedAccounts })
  return {
    algorithm,
    through: core.usage.throughMs,
    halfLifeMs: policy.usage.halfLifeS * 1000,
    rows: rows.map((row) => rowView(row, donatedTo(row, donated))),
  }
}

function rowView(row: FairTreeRow | ClassicShareRow, donated: number): ShareRowView {
  const { kind, path, shares, normShares, rawUsage, normUsage, effectiveUsage, fairShare } = row
  const levelFs = "levelFs" in row ? row.levelFs : null
  return {
    kind,
    path: path.length === 0 ? "root" : path.join("/"),
    name: path.at(-1) ?? "root",
    shares,
    normShares,
    usage: rawUsage,
    donated,
    normUsage,
    effectiveUsage,
    levelFs: levelFs === Number.POSITIVE_INFINITY ? "inf" : levelFs,
    fairShare,
  }
}

/** Of an account: of those who are in it and have no account below it. */
function donatedTo({ kind, path }: Pick<FairTreeRow, "kind" | "path">, donated: ReadonlyMap<string, number>): number {
  if (kind === "user") return donated.get(path.slice(-2).join("/")) ?? 0
  const [account] = path.slice(-1)
  return [...donated].reduce((sum, [who, amount]) => {
    return account === undefined || who.startsWith(`${account}/`) ? sum + amount : sum
  }, 0)
}
