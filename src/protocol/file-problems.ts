import { WindfallError } from "./errors.ts"

/** Something wrong in a file that people write, and where. Lines and columns count from 1. */
export interface FileProblem {
  readonly line: number
  readonly column: number
  readonly text: string
}

const SHOWN = 20
const MAX_PROBLEM = 200

/** `invalid_input`, naming each problem with line and column, in the order of the file; all of them in `details.problems`. */
export function fileProblemsError(name: string, problems: readonly FileProblem[], hint: string): WindfallError {
  const sorted = [...problems].sort((a, b) => a.line - b.line || a.column - b.column)
  const shown = sorted.slice(0, SHOWN).map(({ line, column, text }) => `${name}:${line}:${column}: ${shorten(text)}`)
  if (sorted.length > SHOWN) shown.push(`and ${sorted.length - SHOWN} more`)
  const message =
    shown.length === 1
      ? `Cannot read ${shown[0]}`
      : [`Cannot read ${name}: ${sorted.length} problems`, ...shown].join("\n  ")
  return new WindfallError("invalid_input", message, { hint, details: { problems: sorted } })
}

/** What is no such file at all may quote half of itself. */
function shorten(text: string): string {
  return text.length <= MAX_PROBLEM ? text : `${text.slice(0, MAX_PROBLEM)} ...`
}
