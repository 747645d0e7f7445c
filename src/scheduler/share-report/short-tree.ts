import type { AccountShare, ShareNode, Shares } from "../share/share-tree.ts"

/**
 * Reads a share tree in short: `lab 60{ann 1:1000, sub 3{bob p:30}}; guest 40{zed 1:0}`. Accounts have braces, users their usage behind a colon
 * (none is 0); `p` or `parent` is `parent`, and shares that are left out are 1. What stands side by side is parted by commas, semicolons or
 * white space.
 * @returns what is below the root
 * @throws {SyntaxError} saying at which character
 */
export function readShortTree(text: string): readonly ShareNode[] {
  const words = /\s*(?:([A-Za-z0-9_][\w.@/-]*)|([{}:,;])|(\S))/gy
  const tokens: { readonly word: string; readonly at: number }[] = []
  for (let match = words.exec(text); match !== null; match = words.exec(text)) {
    const word = match[1] ?? match[2] ?? match[3] ?? ""
    tokens.push({ word, at: match.index + match[0].length - word.length })
  }
  let next = 0
  const fail = (expected: string): never => {
    const { word, at } = tokens[next] ?? { word: "the end", at: text.length }
    throw new SyntaxError(`at character ${at + 1}: ${expected} must stand here, not ${word}`)
  }
  const isAt = (word: string) => tokens[next]?.word === word
  const isName = () => /^\w/.test(tokens[next]?.word ?? "")
  const number = (what: string): number => {
    const word = tokens[next]?.word ?? ""
    // A broken number with an exponent is one word but for its sign, as in 1e+15.
    if (!/^\d+(\.\d+)?(e-?\d+)?$/i.test(word) || !Number.isFinite(Number(word))) return fail(what)
    next++
    return Number(word)
  }
  const sharesHere = (): Shares => {
    if (!isName()) return 1
    if (/^(p|parent)$/i.test(tokens[next]!.word)) {
      next++
      return "parent"
    }
    return number("a number of shares, or p for parent")
  }
  const node = (depth: number): ShareNode => {
    if (!isName()) fail("a name")
    if (depth > MAX_DEPTH) fail("nothing deeper")
    const name = tokens[next++]!.word
    const shares = sharesHere()
    if (isAt("{")) {
      next++
      const children = nodes(depth + 1)
      if (!isAt("}")) fail("a name or }")
      next++
      return { kind: "account", name, shares, children } satisfies AccountShare
    }
    if (!isAt(":")) return { kind: "user", name, shares, usage: 0 }
    next++
    return { kind: "user", name, shares, usage: number("a number for usage") }
  }
  const nodes = (depth: number): ShareNode[] => {
    const all: ShareNode[] = []
    while (isName()) {
      all.push(node(depth))
      while (isAt(",") || isAt(";")) next++
    }
    return all
  }
  // `root: ...` is how such trees are written where all is directly below the root.
  if (/^root$/i.test(tokens[0]?.word ?? "") && tokens[1]?.word === ":") next = 2
  const all = nodes(1)
  if (next < tokens.length) fail("a name")
  return all
}

/** No pool has so many accounts within each other. */
export const MAX_DEPTH = 200
