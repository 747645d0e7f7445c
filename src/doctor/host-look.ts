import { explainErrorText } from "../facts/error-text.ts"
import type { Fact, FactValue } from "../facts/fact.ts"
import type { FactName } from "../facts/fact-names.ts"
import { type FactSheet, idOf } from "../facts/fact-sheet.ts"
import { linesOf } from "../facts/lines.ts"
import { mergeSheets } from "../facts/merge.ts"
import { readOutput } from "../facts/read-output.ts"
import type { Examination, ExaminationHead, ProbeOutput } from "../protocol/doctor-wire.ts"
import { probesOf } from "./probes.ts"

/** A fact that was told, or why it was not. */
export type Told<Value> =
  | { readonly known: true; readonly value: Value }
  | { readonly known: false; readonly why: string }

/** What an examination found, read. What is missing, late, cut, failed or damaged is not known, with the reason in words. */
export class HostLook {
  readonly head: ExaminationHead
  readonly #outputs = new Map<string, ProbeOutput>()
  readonly #sheets = new Map<string, FactSheet>()
  #whole: FactSheet | undefined

  constructor({ head, outputs }: Examination) {
    this.head = head
    const files = new Map(probesOf(head.platform, "record").map(({ name, file }) => [name, file]))
    // Of an output that comes twice neither is believed.
    const counts = new Map<string, number>()
    for (const { probe } of outputs) counts.set(probe, (counts.get(probe) ?? 0) + 1)
    for (const output of outputs) {
      if (counts.get(output.probe) !== 1) continue
      this.#outputs.set(output.probe, output)
      const file = files.get(output.probe)
      if (file === undefined || this.#failure(output) !== null) continue
      this.#sheets.set(output.probe, readOutput(output.stdout, { hint: file }).sheet)
    }
  }

  output(probe: string): ProbeOutput | undefined {
    return this.#outputs.get(probe)
  }

  /** Why a probe tells nothing; `null` when it ended well. */
  failureOf(probe: string): string | null {
    const output = this.#outputs.get(probe)
    return output === undefined ? "the host did not answer it" : this.#failure(output)
  }

  fact(probe: string, name: FactName, of?: string): Told<FactValue> {
    const failure = this.failureOf(probe)
    if (failure !== null) return { known: false, why: failure }
    const fact = this.#sheets.get(probe)?.get(name, of)
    if (fact?.known === true) return { known: true, value: fact.value }
    return { known: false, why: fact?.known === false ? fact.detail : `${probe} does not say` }
  }

  truth(probe: string, name: FactName, of?: string): Told<boolean> {
    return narrowed(this.fact(probe, name, of), (value) => typeof value === "boolean")
  }

  number(probe: string, name: FactName, of?: string): Told<number> {
    return narrowed(this.fact(probe, name, of), (value) => typeof value === "number")
  }

  text(probe: string, name: FactName, of?: string): Told<string> {
    return narrowed(this.fact(probe, name, of), (value) => typeof value === "string")
  }

  facts(probe: string): readonly Fact[] {
    return this.#sheets.get(probe)?.facts() ?? []
  }

  /** What all outputs tell together: what two of them say differently is not known. */
  together<Value extends FactValue>(
    name: FactName,
    is: (value: FactValue) => value is Value,
    of?: string,
  ): Told<Value> {
    this.#whole ??= mergeSheets([...this.#sheets].map(([source, sheet]) => ({ source, sheet })))
    const fact = this.#whole.facts().find((one) => idOf(one.name, one.of) === idOf(name, of))
    if (fact?.known === true) return narrowed({ known: true, value: fact.value }, is)
    return { known: false, why: fact?.known === false ? fact.detail : "no output says" }
  }

  #failure({ outcome, exitCode, stderr, isCut }: ProbeOutput): string | null {
    if (outcome === "missing") return "the command is not there"
    if (outcome === "timed_out") return "the command did not end in time"
    if (isCut) return "the command printed more than is read"
    if (exitCode === 0) return null
    const said = explainErrorText(linesOf(stderr))?.meaning ?? stderr.trim().split("\n", 1)[0]?.slice(0, 200) ?? ""
    const end = exitCode === null ? "the command was killed" : `the command failed with ${exitCode}`
    return said === "" ? end : `${end}: ${said}`
  }
}

function narrowed<Value extends FactValue>(
  told: Told<FactValue>,
  is: (value: FactValue) => value is Value,
): Told<Value> {
  if (!told.known) return told
  return is(told.value) ? { known: true, value: told.value } : { known: false, why: "it is of another kind" }
}

export const isText = (value: FactValue): value is string => typeof value === "string"
export const isTruth = (value: FactValue): value is boolean => typeof value === "boolean"
export const isTexts = (value: FactValue): value is readonly string[] =>
  Array.isArray(value) && value.every((one) => typeof one === "string")
