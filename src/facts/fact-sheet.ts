import type { Fact, FactValue, Reading, UnknownReason } from "./fact.ts"
import type { FactName } from "./fact-names.ts"

/**
 * The facts that one output gives. Facts said twice must agree: two values for one make it unknown, for good. A fact once
 * known is not made unknown by a second place that does not tell.
 */
export class FactSheet {
  readonly #facts = new Map<string, Fact>()
  readonly #spoilt = new Set<string>()
  #misfits = 0
  #firstMisfit: string | undefined

  known(name: FactName, value: FactValue, key: string, of?: string): void {
    const id = idOf(name, of)
    if (this.#spoilt.has(id)) return
    const before = this.#facts.get(id)
    if (before?.known === true && !isSame(before.value, value)) {
      this.spoil(name, "contradictory", `${before.key} says ${show(before.value)}, ${key} says ${show(value)}`, key, of)
      return
    }
    if (before?.known === true) return
    this.#facts.set(id, { name, ...(of === undefined ? {} : { of }), known: true, value, key })
  }

  unknown(name: FactName, reason: UnknownReason, detail: string, key: string, of?: string): void {
    const id = idOf(name, of)
    const before = this.#facts.get(id)
    // A value that was there and could not be read says more than one that was nowhere.
    if (before !== undefined && (before.known || reason === "no_such_key")) return
    this.#facts.set(id, { name, ...(of === undefined ? {} : { of }), known: false, reason, detail, key })
  }

  /** Makes a fact unknown, whatever was or will be said of it. */
  spoil(name: FactName, reason: UnknownReason, detail: string, key: string, of?: string): void {
    const id = idOf(name, of)
    this.#spoilt.add(id)
    this.#facts.set(id, { name, ...(of === undefined ? {} : { of }), known: false, reason, detail, key })
  }

  take(name: FactName, reading: Reading<FactValue>, key: string, of?: string): void {
    if (reading.known) this.known(name, reading.value, key, of)
    else this.unknown(name, reading.reason, reading.detail, key, of)
  }

  /** Says of those of `names` that nothing was said of yet that the output has no such key. */
  expect(names: readonly FactName[], key: string): void {
    for (const name of names) {
      if (!this.#facts.has(idOf(name))) this.unknown(name, "no_such_key", "the output does not say", key)
    }
  }

  /** A line that does not follow the grammar: what it says, if anything, is not believed. */
  misfit(line: string): void {
    this.#misfits++
    this.#firstMisfit ??= line.slice(0, 120)
  }

  get misfits(): number {
    return this.#misfits
  }

  get firstMisfit(): string | undefined {
    return this.#firstMisfit
  }

  get(name: FactName, of?: string): Fact | undefined {
    return this.#facts.get(idOf(name, of))
  }

  value(name: FactName, of?: string): FactValue | undefined {
    const fact = this.get(name, of)
    return fact?.known === true ? fact.value : undefined
  }

  /** The fact's value where it is a number; `null` where it is unknown. */
  number(name: FactName, of?: string): number | null {
    const value = this.value(name, of)
    return typeof value === "number" ? value : null
  }

  text(name: FactName, of?: string): string | null {
    const value = this.value(name, of)
    return typeof value === "string" ? value : null
  }

  truth(name: FactName, of?: string): boolean | null {
    const value = this.value(name, of)
    return typeof value === "boolean" ? value : null
  }

  facts(): Fact[] {
    return [...this.#facts.values()]
  }
}

export function idOf(name: FactName, of?: string): string {
  return of === undefined ? name : `${name} ${of}`
}

export function isSame(a: FactValue, b: FactValue): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}

function show(value: FactValue): string {
  return typeof value === "string" ? value : JSON.stringify(value)
}
