import fc from "fast-check"
import type { AccountShare, ShareNode, Shares } from "../../src/scheduler/share/share-tree.ts"

/**
 * Reads a share tree in short: `lab 60{ann 1:1000, sub 3{bob p:30}}, guest 40{}`. Accounts have braces, users their usage; `p` is `parent`.
 */
export function shareTree(text: string): AccountShare {
  let rest = text.replace(/\s+/g, " ")
  const take = (pattern: RegExp): string[] => {
    const match = pattern.exec(rest)
    if (match === null) throw new SyntaxError(`Cannot read a share tree at "${rest.slice(0, 20)}"`)
    rest = rest.slice(match[0].length)
    return [...match]
  }
  const node = (): ShareNode => {
    const [, name = "", shown = "", next = ""] = take(/^ ?(\w+) (\d+|p)([:{])/)
    const shares: Shares = shown === "p" ? "parent" : Number(shown)
    if (next === ":") return { kind: "user", name, shares, usage: Number(take(/^\d+/)[0]) }
    const children = nodes()
    take(/^ ?\}/)
    return { kind: "account", name, shares, children }
  }
  const nodes = (): ShareNode[] => {
    const all: ShareNode[] = []
    while (/^ ?\w/.test(rest)) {
      all.push(node())
      if (/^ ?,/.test(rest)) take(/^ ?,/)
    }
    return all
  }
  const children = nodes()
  if (rest.trim() !== "") throw new SyntaxError(`Cannot read a share tree at "${rest.slice(0, 20)}"`)
  return { kind: "account", name: "root", shares: 1, children }
}

/** Trees of any form, with many ties. Names are unique in the whole tree. */
export function shareTrees(): fc.Arbitrary<AccountShare> {
  const shares: fc.Arbitrary<Shares> = fc.oneof(
    { weight: 5, arbitrary: fc.integer({ min: 0, max: 3 }) },
    { weight: 1, arbitrary: fc.constant("parent" as const) },
  )
  const { tree } = fc.letrec<{ tree: ShareNode; user: ShareNode }>((tie) => ({
    user: fc.record({ kind: fc.constant("user" as const), name: fc.constant(""), shares, usage: fc.nat(4) }),
    tree: fc.record({
      kind: fc.constant("account" as const),
      name: fc.constant(""),
      shares,
      children: fc.array(fc.oneof({ maxDepth: 3 }, tie("user"), tie("user"), tie("tree")), { maxLength: 4 }),
    }),
  }))
  return tree.map((root) => {
    let count = 0
    const named = (node: ShareNode): ShareNode => {
      const name = `n${count++}`
      return node.kind === "user" ? { ...node, name } : { ...node, name, children: node.children.map(named) }
    }
    return { ...(named(root) as AccountShare), shares: 1 }
  })
}
