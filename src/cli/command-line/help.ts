import type { Command } from "./command.ts"
import { type Option, typedName } from "./option.ts"

const MAX_WIDTH = 100
const LEFT = 2
const GAP = 2
const MAX_TERM = 26

/** A command's help page. `width` is the terminal's; lines are wrapped at it, and never longer than reads well. */
export function renderHelp(command: Command, width: number): string {
  const room = roomOf(width)
  const rows: Row[] = Object.entries(command.options).map(([key, one]) => [optionTerm(key, one), one.help])
  rows.push(["-h, --help", `show this; all there is to say: windfall help ${command.name}`])
  return [
    ...wrap(command.about, room),
    "",
    `Usage: ${usageOf(command)}`,
    "",
    "Options:",
    ...renderRows(rows, room),
    ...(command.examples.length === 0 ? [] : ["", "Examples:", ...renderExamples(command.examples, room)]),
    "",
  ].join("\n")
}

/** How wide a page is on a terminal of this width. */
export function roomOf(width: number): number {
  return Math.min(Math.max(width, 40), MAX_WIDTH)
}

/** The line that says what may be typed. */
export function usageOf({ name, options, operands }: Command): string {
  const words = ["windfall", name, Object.keys(options).length > 0 ? "[options]" : "", operands]
  return words.filter((word) => word !== "").join(" ")
}

export type Row = readonly [term: string, text: string]

/** Two columns: terms, and what they mean, wrapped. A term too long for its column gets a line of its own. */
export function renderRows(rows: readonly Row[], room: number): string[] {
  const term = Math.min(MAX_TERM, Math.max(...rows.map(([left]) => left.length)))
  const indent = LEFT + term + GAP
  return rows.flatMap(([left, text]) => {
    const [first = "", ...more] = wrap(text, room - indent)
    const rest = more.map((line) => " ".repeat(indent) + line)
    if (left.length > term) return [" ".repeat(LEFT) + left, " ".repeat(indent) + first, ...rest]
    return [`${" ".repeat(LEFT)}${left.padEnd(term)}${" ".repeat(GAP)}${first}`.trimEnd(), ...rest]
  })
}

/** Breaks text at spaces into lines of at most `room` columns. */
export function wrap(text: string, room: number): string[] {
  const lines: string[] = []
  let line = ""
  for (const word of text.split(/\s+/)) {
    if (line !== "" && line.length + 1 + word.length > room) {
      lines.push(line)
      line = word
    } else line = line === "" ? word : `${line} ${word}`
  }
  return [...lines, line]
}

/** An option as it is typed: `-m, --memory SIZE`. */
export function optionTerm(key: string, one: Option<unknown>): string {
  const letters = one.short === undefined ? "" : `-${one.short}, `
  const value = one.kind === "flag" ? "" : one.kind === "bare" ? `[=${one.placeholder}]` : ` ${one.placeholder}`
  return `${letters}--${typedName(key)}${value}`
}

/** Each line, and below it what it means. */
export function renderExamples(examples: Command["examples"], room: number): string[] {
  return examples.flatMap(([line, meaning]) => [`  ${line}`, ...wrap(meaning, room - 6).map((text) => `      ${text}`)])
}
