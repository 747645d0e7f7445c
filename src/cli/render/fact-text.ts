import type { Fact } from "../../facts/fact.ts"
import type { FactFile } from "../facts/read-fact-files.ts"
import { printable } from "./table.ts"

/** A file for people: what it is, and each fact below it. */
export function factFileText({ file, failure, reading }: FactFile): string {
  if (reading === null) return `${printable(file)}: cannot be read: ${printable(failure ?? "")}\n`
  const what = reading.command ?? "not recognised"
  const how = reading.by === "name" ? " (by its name)" : ""
  const note = reading.note === null ? "" : `  ${printable(reading.note)}\n`
  return `${printable(file)}: ${what}${how}\n${note}${factLines(reading.sheet.facts())}`
}

/** What the files of one Mac tell together. */
export function recordText(folder: string, facts: readonly Fact[]): string {
  return `\n${printable(folder)}: all together\n${factLines(facts)}`
}

function factLines(facts: readonly Fact[]): string {
  const names = facts.map(({ name, of }) => printable(of === undefined ? name : `${name} of ${of}`))
  const width = Math.min(48, Math.max(0, ...names.map((name) => name.length)))
  return facts
    .map((fact, at) => {
      const said = fact.known ? valueText(fact.value) : `unknown (${fact.reason}): ${fact.detail}`
      return `  ${(names[at] ?? "").padEnd(width)}  ${printable(said)}  [${printable(fact.key)}]\n`
    })
    .join("")
}

function valueText(value: Extract<Fact, { known: true }>["value"]): string {
  if (typeof value === "object") return value.length === 0 ? "none" : value.join(", ")
  return typeof value === "boolean" ? (value ? "yes" : "no") : String(value)
}
