import type { FactName } from "./fact-names.ts"

/**
 * Why a fact is not known. missing_command: the command is not there; not_permitted: it refused; timed_out: it did not end in
 * time; no_such_key: the output is whole as far as one can tell, and does not say; truncated: it ends, or has a gap, where the
 * value would be; garbage: what stands there does not follow the grammar; implausible: no Mac has that; contradictory: two
 * places say different things; not_in_table: the value is known, and the tables do not have it.
 */
export type UnknownReason =
  | "missing_command"
  | "not_permitted"
  | "timed_out"
  | "no_such_key"
  | "truncated"
  | "garbage"
  | "implausible"
  | "contradictory"
  | "not_in_table"

export type FactValue = string | number | boolean | readonly string[] | readonly number[]

/** What was read at one place: a value, or why there is none. */
export type Reading<Value> =
  | { readonly known: true; readonly value: Value }
  | { readonly known: false; readonly reason: UnknownReason; readonly detail: string }

interface Named {
  readonly name: FactName
  /** The one it is of, where there are several: an interface, a process, a volume. */
  readonly of?: string
  /** Where in the output it stands, or would. */
  readonly key: string
}

export interface KnownFact extends Named {
  readonly known: true
  readonly value: FactValue
}

export interface UnknownFact extends Named {
  readonly known: false
  readonly reason: UnknownReason
  /** In words. */
  readonly detail: string
}

export type Fact = KnownFact | UnknownFact

export function known<Value>(value: Value): Reading<Value> {
  return { known: true, value }
}

export function unknown<Value>(reason: UnknownReason, detail: string): Reading<Value> {
  return { known: false, reason, detail }
}
