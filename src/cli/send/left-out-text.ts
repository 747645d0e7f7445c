import { formatBytes } from "../../base/bytes.ts"
import type { IgnoreRules } from "../../workspace/ignore-rules.ts"
import type { LeftOut } from "../../workspace/scanned-tree.ts"
import { fs, path } from "../builtin.ts"
import { firstAndMore, printable } from "../render/table.ts"

const MEASURE_MS = 500
const SHOWN = 6

/**
 * What stays home, by rule, as one sentence: `data/ and 2 more (.gitignore:3), .venv (built in)`. What nobody misses
 * (`.git`, `.DS_Store`, `__pycache__`) is not worth naming.
 */
export function leftOutText(leftOut: readonly LeftOut[]): string | undefined {
  const byRule = new Map<string, LeftOut[]>()
  for (const one of leftOut) {
    const name = one.path.slice(one.path.lastIndexOf("/") + 1)
    if (one.why === "never" && (name === ".git" || name === ".DS_Store" || name === "__pycache__")) continue
    const key = one.why === "ignored" ? one.source : one.why === "special" ? one.kind : one.why
    byRule.set(key, [...(byRule.get(key) ?? []), one])
  }
  if (byRule.size === 0) return undefined
  const parts = [...byRule.values()].map((ones) => {
    const [first] = ones
    if (first === undefined) return ""
    const named = firstAndMore(ones.map(({ path, kind }) => shownPath(path, kind === "folder")))
    return `${named} (${reasonText(first)})`
  })
  const rest = parts.length - SHOWN
  return parts.slice(0, SHOWN).join(", ") + (rest > 0 ? ` and more by ${rest} other rules` : "")
}

/** What cannot travel, as it is told to people. */
const SPECIAL: Readonly<Record<string, string>> = {
  pipe: "a pipe",
  socket: "a socket",
  device: "a device",
  name: "its name is not UTF-8",
  path: "its path is too long",
  unreadable: "it may not be read",
}

/** Why one thing stays home: the line of an ignore file, or a few words. */
export function reasonText(one: LeftOut): string {
  switch (one.why) {
    case "ignored":
      return one.source
    case "never":
      return "never travels"
    case "secret":
      return "a secret: travels only with --include"
    case "special":
      return SPECIAL[one.kind] ?? one.rule
  }
}

function shownPath(at: string, isFolder: boolean): string {
  return printable(isFolder ? `${at}/` : at)
}

/** For each of these paths that stays home, the line that says so. */
export function stayLines(paths: readonly string[], rules: IgnoreRules): string[] {
  const lines = new Map<string, string>()
  for (const at of paths) {
    const hit = rules.explain(at)
    if (hit !== undefined && !lines.has(hit.path)) lines.set(hit.path, stayLine(rules.root, hit))
  }
  return [...lines.values()]
}

function stayLine(root: string, hit: NonNullable<ReturnType<IgnoreRules["explain"]>>): string {
  const full = path.join(root, hit.path)
  const isFolder = fs.statSync(full, { throwIfNoEntry: false })?.isDirectory() === true
  const size = measure(full)
  const what = `${shownPath(hit.path, isFolder)} (${size.whole ? "" : "more than "}${formatBytes(size.bytes)}) stays home, ${
    hit.why === "never" ? "it never travels" : hit.why === "secret" ? "as secrets do" : hit.source
  }`
  return hit.why === "never" ? `${what}; make it on the host` : `${what}; use --include ${printable(hit.path)}`
}

/** Bytes in a file or below a folder, as far as a moment's look gets. */
function measure(full: string): { bytes: number; whole: boolean } {
  const until = performance.now() + MEASURE_MS
  const waiting = [full]
  let bytes = 0
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    if (performance.now() > until) return { bytes, whole: false }
    const stat = fs.lstatSync(at, { throwIfNoEntry: false })
    if (stat?.isDirectory()) {
      try {
        for (const name of fs.readdirSync(at)) waiting.push(path.join(at, name))
      } catch {
        // What may not be read would not have travelled either.
      }
    } else bytes += stat?.size ?? 0
  }
  return { bytes, whole: true }
}
