import type { Path, Report } from "../described/codec.ts"
import { entriesOf, plainKey, shown } from "../described/codec.ts"
import { circlesOf } from "../policy/circles.ts"
import { type DescribedNode, readNodes } from "./described-node.ts"
import { MAX_DEPTH } from "./short-tree.ts"

/**
 * Reads a tree: a list of nodes, each with its children or with the name of its account as `parent`; a short text; or one account, which
 * is the root.
 * @returns the nodes below the root
 */
export function readTree(value: unknown, path: Path, report: Report): readonly DescribedNode[] {
  const root = entriesOf(value)
  const nodes = root === null ? readNodes(value, path, report) : readRoot(root, path, report)
  const tree = withChildren(nodes, report)
  checkSiblings(tree, report)
  return tree
}

function readRoot(root: readonly (readonly [string, unknown])[], path: Path, report: Report): readonly DescribedNode[] {
  const below = root.filter(([key]) => ["children", "users", "accounts"].includes(plainKey(key)))
  if (below.length === 0) report(path, `takes a list, or a root with children, not keys like ${shown(root[0]?.[0])}`)
  return below.flatMap(([key, nodes]) => readNodes(nodes, [...path, key], report))
}

/** Puts those that say their account into it. */
function withChildren(nodes: readonly DescribedNode[], report: Report): readonly DescribedNode[] {
  reportParentsBelow(nodes, report)
  const isTop = ({ parent }: DescribedNode) => parent === null || parent === "root"
  if (nodes.every(isTop)) return nodes
  const accounts = new Map<string, DescribedNode>()
  const twice = new Set<string>()
  const collect = (all: readonly DescribedNode[]) => {
    for (const node of all) {
      if (node.kind !== "account") continue
      if (accounts.has(node.name)) twice.add(node.name)
      else accounts.set(node.name, node)
      collect(node.children)
    }
  }
  collect(nodes)
  const claimed = new Map<DescribedNode, DescribedNode[]>()
  for (const node of nodes) {
    if (isTop(node)) continue
    const account = accounts.get(node.parent!)
    if (account === undefined) report([...node.path, "parent"], `there is no account ${shown(node.parent)}`)
    else if (twice.has(account.name)) {
      report(
        [...node.path, "parent"],
        `there are several accounts ${shown(account.name)}: put it among the children of one`,
      )
    } else claimed.set(account, [...(claimed.get(account) ?? []), node])
  }
  const circles = circlesOf(
    nodes.filter(({ kind }) => kind === "account"),
    ({ parent }) => (parent === null ? [] : [parent]),
  )
  for (const [first] of circles) {
    report([...accounts.get(first)!.path, "parent"], "goes in a circle")
  }
  if (circles.length > 0) return []
  const whole = (node: DescribedNode, depth: number): DescribedNode => {
    const children = [...node.children, ...(claimed.get(node) ?? [])]
    if (depth === MAX_DEPTH && children.length > 0) {
      report(node.path, `is too deep: at most ${MAX_DEPTH} accounts may be within each other`)
      return node
    }
    return { ...node, children: children.map((child) => whole(child, depth + 1)) }
  }
  return nodes.filter(isTop).map((node) => whole(node, 1))
}

function reportParentsBelow(nodes: readonly DescribedNode[], report: Report): void {
  const below = (node: DescribedNode): void => {
    for (const child of node.children) {
      if (child.parent !== null && child.parent !== node.name) {
        report([...child.path, "parent"], `stands among the children of ${node.name}: it is in that account`)
      }
      below(child)
    }
  }
  nodes.forEach(below)
}

/** Two siblings of one kind have two names; and an account that tells its usage tells the sum of what is below. */
function checkSiblings(nodes: readonly DescribedNode[], report: Report): void {
  const seen = new Set<string>()
  for (const { kind, name, path, children } of nodes) {
    if (seen.has(`${kind} ${name}`))
      report(path, `there is already ${kind === "user" ? "a user" : "an account"} ${shown(name)} beside it`)
    seen.add(`${kind} ${name}`)
    checkSiblings(children, report)
  }
}
