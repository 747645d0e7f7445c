/** One thing that was looked for on a host: its value, or why it is not known. Not knowing is no value, and never a zero. */
export type Reading<T> =
  | { readonly known: true; readonly value: T }
  | { readonly known: false; readonly reason: string }

export function known<T>(value: T): Reading<T> {
  return { known: true, value }
}

/** @param reason in words, as the end of "the idle time is not known: ..." */
export function unknown(reason: string): Reading<never> {
  return { known: false, reason }
}

/** The value, or `undefined` when it is not known. */
export function ifKnown<T>(reading: Reading<T>): T | undefined {
  return reading.known ? reading.value : undefined
}
