import { type Dependency, dependencyText, readDependency } from "./dependency.ts"

/** What people may type for the words of Slurm. */
const SHORT: Readonly<Record<string, string>> = {
  ok: "afterok",
  any: "afterany",
  notok: "afternotok",
  "not-ok": "afternotok",
  corr: "aftercorr",
  corresponding: "aftercorr",
  started: "after",
}

/**
 * Reads what is typed after `--after`: as {@link readDependency}, and with the short words `ok`, `any`, `notok`, `corresponding`, `started`.
 * Gives it back in the words of {@link dependencyText}.
 * @throws {SyntaxError} naming the value, and the part of it that is wrong
 */
export function readAfterWords(typed: string): string {
  const whole = typed
    .split(/([,?])/)
    .map((part) => {
      const trimmed = part.trim()
      const [word = "", ...rest] = trimmed.split(":")
      const long = Object.hasOwn(SHORT, word.toLowerCase()) ? SHORT[word.toLowerCase()]! : word
      return [long, ...rest].join(":")
    })
    .join("")
  return dependencyText(readDependency(whole))
}

/** The numbers of all jobs that it names, each once. */
export function jobsNamedIn({ terms }: Dependency): readonly number[] {
  return [...new Set(terms.flatMap((term) => (term.kind === "singleton" ? [] : term.jobs.map(({ job }) => job))))]
}

export function hasSingleton({ terms }: Dependency): boolean {
  return terms.some(({ kind }) => kind === "singleton")
}
