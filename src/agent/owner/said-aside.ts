/** What the server said last of stopping it for another job. */
export interface Aside {
  readonly turn: number
  /** `null`: it may go on. */
  readonly for: number | null
  readonly text: string
}

/** What a note holds of that; `null` for what is no such word. */
export function asideIn(value: unknown): Aside | null {
  if (typeof value !== "object" || value === null) return null
  const { turn, for: job, text } = value as Aside
  const isJob = job === null || (Number.isSafeInteger(job) && job > 0)
  return Number.isSafeInteger(turn) && turn > 0 && isJob && typeof text === "string" ? { turn, for: job, text } : null
}
