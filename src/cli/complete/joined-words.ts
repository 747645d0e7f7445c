import { takesRules } from "./rule-words.ts"

/** Bash cuts `--state=run`, and `on_return=vacate`, into three words; the last may be missing while it is typed. */
export function joinAtEquals(words: readonly string[]): string[] {
  const joined: string[] = []
  for (let at = 0; at < words.length; at++) {
    const before = joined.at(-1)
    const isFirst = before !== undefined && (before.startsWith("--") || takesRules(words)) && !before.includes("=")
    if (words[at] === "=" && isFirst) {
      joined[joined.length - 1] = `${before}=${words[at + 1] ?? ""}`
      at++
    } else joined.push(words[at] ?? "")
  }
  return joined
}
