/** Options of srun and sbatch that stand alone. All others have a value. */
const SHORT_ALONE = /^-[EHIhklOQsuvVXZ]+$/
const LONG_ALONE = new Set([
  "exclusive",
  "hold",
  "immediate",
  "kill-on-bad-exit",
  "label",
  "no-kill",
  "overcommit",
  "overlap",
  "oversubscribe",
  "parsable",
  "preserve-env",
  "pty",
  "quiet",
  "requeue",
  "no-requeue",
  "unbuffered",
  "verbose",
  "wait-all-nodes",
])

/** How many of the words after `srun` or `sbatch` are its options: what follows is the command. */
export function slurmOptionsEnd(words: readonly string[]): number {
  let at = 0
  while (at < words.length) {
    const word = words[at] ?? ""
    if (word === "--") return at + 1
    if (word === "-" || !word.startsWith("-")) return at
    const isLong = word.startsWith("--")
    const isWhole = isLong
      ? word.includes("=") || LONG_ALONE.has(word.slice(2))
      : word.length > 2 || SHORT_ALONE.test(word)
    at += isWhole ? 1 : 2
  }
  return words.length
}
