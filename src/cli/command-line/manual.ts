import { COMMAND_GROUPS } from "../command-list.ts"
import type { Command } from "./command.ts"
import { optionTerm, type Row, renderExamples, renderRows, roomOf, usageOf, wrap } from "./help.ts"
import { EXIT_CODES, MANUAL_FACTS } from "./manual-facts.ts"
import { type Option, typedName } from "./option.ts"

const LEFT = 2

/** A command's page of `windfall help COMMAND`: all there is to say, in the order of a manual page. */
export function renderManual(command: Command, width: number): string {
  const room = roomOf(width)
  const listed = allListed().find(([name]) => name === command.name)?.[1]
  const facts = MANUAL_FACTS[command.name] ?? {}
  const also = listed?.also ?? []
  const sections: [string, string[]][] = [
    ["Name", indented(`windfall ${command.name}: ${listed?.summary ?? ""}`, room)],
    ["Usage", indented(usageOf(command), room)],
    ["Also typed", also.length === 0 ? [] : indented(also.map((word) => `windfall ${word}`).join(", "), room)],
    ["Description", indented(command.about, room)],
    ["Options", renderRows(optionRows(command), room)],
    ["Examples", renderExamples(command.examples, room)],
    ["Exit codes", renderRows(exitCodes(command.name), room)],
    ["Files", facts.files === undefined ? [] : renderRows(facts.files, room)],
    ["See also", seeAlso(command.name, room)],
  ]
  return sections
    .filter(([, lines]) => lines.length > 0)
    .map(([title, lines]) => `${title}\n${lines.join("\n")}\n`)
    .join("\n")
}

function allListed() {
  return Object.values(COMMAND_GROUPS).flatMap((group) => Object.entries(group))
}

function indented(text: string, room: number): string[] {
  return wrap(text, room - LEFT).map((line) => " ".repeat(LEFT) + line)
}

function optionRows({ options }: Command): Row[] {
  const rows = Object.entries(options).map(([key, one]): Row => [optionTerm(key, one), optionText(key, one)])
  return [...rows, ["-h, --help", "show the short page"]]
}

/** Its help, what it is when it is not given, and how else it may be typed. */
function optionText(key: string, { kind, help, also }: Option<unknown>): string {
  const missing = /\bdefault\b/.test(help) ? "" : kind === "flag" ? " (default: no)" : " (default: none)"
  const names = also.map((name) => `--${name}`)
  const opposite = kind === "flag" && !key.startsWith("no") ? [`the opposite: --no-${typedName(key)}`] : []
  const rest = [...(names.length === 0 ? [] : [`also ${names.join(", ")}`]), ...opposite]
  return [help + missing, ...rest].join("; ")
}

function exitCodes(name: string): Row[] {
  const own = MANUAL_FACTS[name]?.exitCodes ?? []
  const known = new Set(own.map(([code]) => code))
  return [...own, ...EXIT_CODES.filter(([code]) => !known.has(code))]
}

/** Those of the same room (`host add` beside `host rm`), and those that are named. */
function seeAlso(name: string, room: number): string[] {
  const [first, second] = name.split(" ")
  const kin =
    second === undefined
      ? []
      : allListed()
          .map(([other]) => other)
          .filter((other) => other.startsWith(`${first} `))
  const names = [...new Set([...kin, ...(MANUAL_FACTS[name]?.seeAlso ?? [])])].filter((other) => other !== name)
  return names.length === 0 ? [] : indented(names.map((other) => `windfall ${other}`).join(", "), room)
}
