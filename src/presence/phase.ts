/** A process that outlives its kill is killed again after this: KILLING_TIMEOUT of HTCondor's manual. */
export const KILL_AGAIN_MS = 30_000

/** What was done to an attempt, and since when. */
export type Phase =
  | { readonly phase: "running" }
  | { readonly phase: "yielding"; readonly sinceMs: number; readonly swapBeforeBytes: number | null }
  | { readonly phase: "suspended"; readonly sinceMs: number; readonly swapBeforeBytes: number | null }
  | { readonly phase: "vacating"; readonly sinceMs: number; readonly graceMs: number }
  /** `sinceMs`: the last kill. */
  | { readonly phase: "killing"; readonly sinceMs: number }
