import { parseDuration } from "../../base/duration.ts"
import { command } from "../command-line/command.ts"
import { notEmpty, value } from "../command-line/option.ts"
import { candidatesFor } from "../complete/candidates.ts"
import { joinAtEquals } from "../complete/joined-words.ts"
import { takesRules } from "../complete/rule-words.ts"

/** Bash types what it is given as it is; the other shells quote by themselves. */
function quoted(text: string): string {
  const at = text.indexOf("=") + 1
  const value = text.slice(at)
  return /[\s'"\\$`&|;<>()*?!#]/.test(value) ? `${text.slice(0, at)}'${value.replaceAll("'", "'\\''")}'` : text
}

/** A person waits for it with a finger on Tab. */
const WHOLE_MS = 300
/** What the server is given at least, also where Node was slow to start: over TLS and a wireless network 50 ms were too few. */
const LEAST_MS = 200

export const complete = command({
  name: "complete",
  operands: "-- [WORD]...",
  about:
    "Prints what may stand in the place of the last word, one a line, with its meaning behind a tab where the shell shows that. Says nothing when anything is wrong.",
  minimum: 0,
  maximum: Number.POSITIVE_INFINITY,
  options: {
    within: value("DURATION", "give up on the server after this long (default 300ms in all)", parseDuration),
    shell: value("SHELL", "for which shell: bash, zsh or fish", notEmpty),
  },
  examples: [],
  async run(cli, options, typed) {
    try {
      const isBash = options.shell === "bash"
      const words = isBash ? joinAtEquals(typed) : typed
      const last = words.at(-1) ?? ""
      // Bash takes what stands behind "=" for a word of its own, the others do not.
      const isCut = last.startsWith("--") || takesRules(words)
      const before = !isBash && isCut && last.includes("=") ? last.slice(0, last.indexOf("=") + 1) : ""
      // Whole milliseconds: Node refuses others.
      const limitMs = options.within ?? Math.max(LEAST_MS, Math.ceil(WHOLE_MS - performance.now()))
      const signal = AbortSignal.timeout(limitMs)
      const found = await candidatesFor(cli, words, signal)
      const lines = found.map(({ text, meaning }) => {
        const shown = meaning === "" || isBash ? "" : `\t${meaning.replaceAll("\t", " ").slice(0, 60)}`
        return `${before}${isBash ? quoted(text) : text}${shown}\n`
      })
      await cli.stdout.write(lines.join(""))
    } catch {
      // Whatever it is, a line in the middle of what is being typed would be worse than no help.
    }
    return 0
  },
})
