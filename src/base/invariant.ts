/** Throws when a thing the code itself must guarantee does not hold: a defect of Windfall, never bad input. */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`Defect in Windfall: ${message}`)
}
