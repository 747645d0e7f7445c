/** Bash cuts `--state=run` into three words; the last may be missing while it is typed. */
export function joinAtEquals(words: readonly string[]): string[] {
  const joined: string[] = []
  for (let at = 0; at < words.length; at++) {
    const before = joined.at(-1)
    if (words[at] === "=" && before?.startsWith("--") && !before.includes("=")) {
      joined[joined.length - 1] = `${before}=${words[at + 1] ?? ""}`
      at++
    } else joined.push(words[at] ?? "")
  }
  return joined
}
