import { type ClassicShareRow, classicShare } from "../share/classic-share.ts"
import { type FairTreeRow, fairTree } from "../share/fair-tree.ts"
import type { AccountShare, ShareNode } from "../share/share-tree.ts"
import { chargeRuns, keyOf, type UsageReport } from "./charge-runs.ts"
import type { DescribedNode } from "./described-node.ts"
import { type JobPriority, jobPriorities } from "./job-priorities.ts"
import type { ShareDescription } from "./share-description.ts"

/** All that follows from a described tree, with every value on the way. */
export interface ShareReport {
  readonly usage: UsageReport
  readonly fairTree: readonly FairTreeRow[]
  readonly classic: readonly ClassicShareRow[]
  /** By priority, the highest first; equal ones as they were listed. */
  readonly jobs: readonly JobPriority[]
}

/** @throws {RangeError} in words, for what a description says that cannot be */
export function shareReport(description: ShareDescription): ShareReport {
  const { tree, policy } = description
  const usage = chargeRuns(tree, description)
  const used = new Map(usage.users.map((user) => [keyOf(user.path), user.usage]))
  const root: AccountShare = {
    kind: "account",
    name: "root",
    shares: 1,
    children: tree.map((node) => shareOf(node, [], used)),
  }
  const fairRows = fairTree(root, { mergeTiedAccounts: policy.fairShare.mergeTiedAccounts })
  const classicRows = classicShare(root, policy.fairShare.dampening)
  const rows = policy.fairShare.algorithm === "classic" ? classicRows : fairRows
  return { usage, fairTree: fairRows, classic: classicRows, jobs: jobPriorities(description, rows) }
}

function shareOf(node: DescribedNode, above: readonly string[], used: ReadonlyMap<string, number>): ShareNode {
  const path = [...above, node.name]
  const { name, shares } = node
  if (node.kind === "user") return { kind: "user", name, shares, usage: used.get(keyOf(path)) ?? 0 }
  const children = node.children.map((child) => shareOf(child, path, used))
  return { kind: "account", name, shares, ownUsage: ownUsageOf(node, path, children), children }
}

/** What an account used beyond what is below it, when it says how much it used in all. */
function ownUsageOf(node: DescribedNode, path: readonly string[], children: readonly ShareNode[]): number {
  if (node.usage === null) return node.ownUsage ?? 0
  const below = children.reduce((sum, child) => sum + usageOf(child), 0)
  const own = node.usage - below
  const slack = 1e-9 * node.usage
  if (own < -slack) {
    throw new RangeError(
      `${path.join("/")} is said to have used ${node.usage}, and those in it ${below}: leave usage of accounts out`,
    )
  }
  return Math.abs(own) <= slack ? 0 : own
}

function usageOf(node: ShareNode): number {
  if (node.kind === "user") return node.usage
  return node.children.reduce((sum, child) => sum + usageOf(child), node.ownUsage ?? 0)
}
