import { explainErrorText, readErrorText } from "./error-text.ts"
import { blameCommand } from "./expected-facts.ts"
import type { UnknownReason } from "./fact.ts"
import { FactSheet } from "./fact-sheet.ts"
import { linesOf } from "./lines.ts"
import { concludeMachine } from "./machine.ts"
import { OUTPUT_KINDS, type OutputKind } from "./outputs.ts"

export interface OutputReading {
  /** The command it is the output of; `null` when that is not known. */
  readonly command: string | null
  /** content: nothing else looks so; name: the file's name says so, and the content does not contradict. */
  readonly by: "content" | "name" | null
  /** What is odd about it, in words; `null` when nothing is. */
  readonly note: string | null
  readonly sheet: FactSheet
}

export interface ReadOptions {
  /** The name of the file it stood in, or what was run: "pmset-g-batt". Only a hint; content counts for more. */
  readonly hint?: string
  /** It did not end in time: what there is may be any part. */
  readonly isTimedOut?: boolean
  /** There is no such command: what it printed, if anything, is no output of it. */
  readonly isMissing?: boolean
}

interface Failure {
  readonly reason: UnknownReason
  readonly detail: string
}

/**
 * Reads what a command of macOS printed, whichever it was. Never throws; what cannot be read is unknown, with the reason.
 */
export function readOutput(text: string, options: ReadOptions = {}): OutputReading {
  const hint = hintOf(options.hint ?? "")
  const sheet = new FactSheet()
  const failure = failureOf(options)
  if (failure !== null && (options.isMissing === true || text.trim() === "")) {
    const command = kindByName(hint)?.command ?? null
    blameCommand(sheet, command, hint, failure)
    return { command, by: command === null ? null : "name", note: failure.detail, sheet }
  }
  if (text.trim() === "") {
    const kind = kindByName(hint)
    // Of these an empty output is a whole one: nothing is scheduled, nobody is logged in.
    const says = kind === null ? "it is empty" : `it is empty; ${kind.command} usually prints something`
    const note = kind?.command === "pmset -g sched" || kind?.command === "who" ? "it is empty: there is none" : says
    return { command: kind?.command ?? null, by: kind === null ? null : "name", note, sheet }
  }
  const lines = linesOf(text)
  const { kind, by } = recognise(text, hint)
  if (kind === null) {
    return { command: null, by: null, note: "it looks like the output of no command that is read", sheet }
  }
  kind.read(sheet, lines, text, hint)
  if (failure !== null) blameCommand(sheet, kind.command, hint, failure)
  concludeMachine(sheet)
  if (by === "name" && sheet.facts().length === 0)
    blameCommand(sheet, kind.command, hint, { reason: "garbage", detail: "nothing in it is as the command prints it" })
  if (by === "name" && sheet.facts().every((fact) => !fact.known)) readStray(sheet, text)
  return { command: kind.command, by, note: noteOf(sheet, by, options), sheet }
}

function failureOf({ isTimedOut, isMissing }: ReadOptions): Failure | null {
  if (isMissing === true) return { reason: "missing_command", detail: "the command is not there" }
  return isTimedOut === true ? { reason: "timed_out", detail: "the command did not end in time" } : null
}

/** An output that could not be read at all may be an error's text on the wrong stream. */
function readStray(sheet: FactSheet, text: string): void {
  const lines = linesOf(text)
  if (lines.length <= 20 && explainErrorText(lines) !== null) readErrorText(sheet, lines)
}

function noteOf(sheet: FactSheet, by: "content" | "name", options: ReadOptions): string | null {
  const notes = [
    options.isTimedOut === true && "the command did not end in time, so this is a part",
    by === "name" && "only the file's name says what it is: the content is damaged, or another",
    sheet.misfits > 0 &&
      `${sheet.misfits} ${sheet.misfits === 1 ? "line is" : "lines are"} not understood, the first: ${sheet.firstMisfit}`,
  ]
  const said = notes.filter((note) => note !== false)
  return said.length === 0 ? null : said.join("; ")
}

/** "pmset-g-batt" of "pmset-g-batt__laptop.txt"; an error's text is marked by "stderr" behind the two underlines. */
function hintOf(name: string): string {
  const [head = "", ...tail] = name.replace(/^.*\//, "").split("__")
  return tail.some((part) => /stderr/.test(part)) ? "stderr" : head.replace(/\.(txt|json|xml|plist|out)$/, "")
}

function kindByName(hint: string): OutputKind | null {
  let found: OutputKind | null = null
  let length = 0
  for (const kind of OUTPUT_KINDS) {
    for (const prefix of kind.prefixes) {
      const isOfName = hint === prefix || hint.startsWith(`${prefix}-`) || hint.startsWith(`${prefix}.`)
      if (isOfName && prefix.length > length) {
        found = kind
        length = prefix.length
      }
    }
  }
  return found
}

/** The name decides between kinds that fit, and stands in where none fits. */
function recognise(
  text: string,
  hint: string,
): { kind: OutputKind; by: "content" | "name" } | { kind: null; by: null } {
  const lines = linesOf(text)
  const named = kindByName(hint)
  const fits = (kind: OutputKind) => kind.fits(text, lines)
  const isOfName = (kind: OutputKind) => named !== null && (kind === named || sharesName(kind, hint))
  // Those of the name first, since an agent reads the same few outputs all day and knows what they are.
  const kind = OUTPUT_KINDS.find((one) => isOfName(one) && fits(one)) ?? OUTPUT_KINDS.find(fits)
  if (kind !== undefined) return { kind, by: "content" }
  return named === null ? { kind: null, by: null } : { kind: named, by: "name" }
}

function sharesName(kind: OutputKind, hint: string): boolean {
  return kind.prefixes.some((prefix) => hint === prefix || hint.startsWith(`${prefix}-`))
}
