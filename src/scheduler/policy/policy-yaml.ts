import { isAlias, isMap, isScalar, isSeq, LineCounter, parseAllDocuments } from "yaml"
import { formatBytes } from "../../base/bytes.ts"
import type { FileProblem } from "../../protocol/file-problems.ts"
import { offsetOf, textOf } from "../../protocol/yaml-node.ts"
import { type Path, plainKey, type Report } from "../described/codec.ts"

/** Far more than any pool needs: 10,000 users with all that can be said of them. */
export const MAX_POLICY_BYTES = 4 * 1024 * 1024

export interface PolicyText {
  /** As codecs take it: scalars as text, mappings as `Map`; `null` when there is nothing. */
  readonly value: unknown
  /** Adds a problem at the place of the file that the path leads to, or as far as it does. */
  readonly report: Report
  /** What is wrong so far; `report` adds to it. */
  readonly problems: readonly FileProblem[]
}

/** Reads YAML, and so JSON, with what is needed to say where something stands. */
export function readPolicyText(text: string): PolicyText {
  const lines = new LineCounter()
  const problems: FileProblem[] = []
  const reportAt = (offset: number, problem: string) => {
    const { line, col } = lines.linePos(offset)
    problems.push({ line: Math.max(1, line), column: Math.max(1, col), text: problem })
  }
  const nothing = { value: null, report: (_: Path, problem: string) => reportAt(0, problem), problems }
  if (text.length > MAX_POLICY_BYTES) {
    reportAt(0, `a policy file may have ${formatBytes(MAX_POLICY_BYTES)}`)
    return nothing
  }
  const parsed = parseAllDocuments(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: false })
  const [document, second] = Array.isArray(parsed) ? parsed : []
  if (second !== undefined) reportAt(second.range[0], "a policy is one document: nothing may follow a line of dashes")
  if (document === undefined) return nothing
  for (const { pos, message, code } of [...document.errors, ...document.warnings]) {
    reportAt(pos[0], code === "RESOURCE_EXHAUSTION" ? "it is nested too deeply" : message)
  }
  // After that nothing that was read could be relied on.
  if (document.errors.length > 0) return nothing
  const { contents } = document
  return {
    value: plainOf(contents, reportAt),
    report: (path, problem, on = "value") => reportAt(offsetAt(contents, path, on), problem),
    problems,
  }
}

function plainOf(node: unknown, reportAt: (offset: number, problem: string) => void): unknown {
  if (isAlias(node)) {
    reportAt(
      offsetOf(node),
      `what begins with * must be quoted: "*${node.source}". A policy says each thing in its place`,
    )
    return undefined
  }
  // Places in the list count from here on, so nothing is left out of it.
  if (isSeq(node)) return node.items.map((item) => plainOf(item, reportAt))
  if (!isMap(node)) return textOf(node) ?? null
  const entries = new Map<string, unknown>()
  for (const { key, value } of node.items) {
    const name = textOf(key)
    if (name === undefined) reportAt(offsetOf(key), "a key must be text")
    else if (entries.has(name)) reportAt(offsetOf(key), `${JSON.stringify(name.slice(0, 60))} stands twice`)
    else {
      const plain = plainOf(value, reportAt)
      if (plain !== undefined) entries.set(name, plain)
    }
  }
  return entries
}

/** Where the path leads to, or as far as there is something. */
function offsetAt(top: unknown, path: Path, on: "key" | "value"): number {
  let node = top
  let offset = offsetOf(top)
  for (const [at, step] of path.entries()) {
    if (isSeq(node) && typeof step === "number") {
      node = node.items[step]
      offset = node === undefined ? offset : offsetOf(node)
      continue
    }
    if (!isMap(node)) break
    const same = node.items.find(({ key }) => textOf(key) === step)
    const pair = same ?? node.items.find(({ key }) => plainKey(textOf(key) ?? "") === plainKey(String(step)))
    if (pair === undefined) break
    node = pair.value
    const isEmpty = node === null || (isScalar(node) && node.value === null)
    offset = offsetOf(isEmpty || (on === "key" && at === path.length - 1) ? pair.key : node)
  }
  return offset
}
