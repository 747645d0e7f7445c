/** How patient the server is with hives; all times in milliseconds. */
export interface ModelLimits {
  /** After the first loss, before the next try; it doubles with each further one. */
  readonly restMs: number
  readonly longestRestMs: number
  /** So many losses in a row, and it is not tried again by itself. */
  readonly mostLosses: number
  /** After so long without a loss the next one counts as the first. */
  readonly steadyMs: number
  /** For what is in flight at a replica that is to end. */
  readonly drainMs: number
  /** How often it is looked where a replica could run that waits. */
  readonly planAgainMs: number
  /** How long a token may take through the tunnel, and between two tries of that. */
  readonly probeMs: number
  readonly probeAgainMs: number
  readonly probeTries: number
  /** From the start of a hive's command to its readiness, beyond what loading may take. */
  readonly startMs: number
  /** A host that cannot run the engine is not asked again before. */
  readonly avoidMs: number
  /** A way between two members through the server is made within that. */
  readonly wayMs: number
  /**
   * A model that was unused for so long gives way to one that is wanted and has no other place. Shorter than people think between two
   * questions it must not be, and loading takes tens of seconds: two that are asked in turns would do nothing else.
   */
  readonly giveWayMs: number
  /** So long after it was asked for a model without a place is wanted now: as long as a request waits for it. */
  readonly wantedMs: number
}

export const MODEL_LIMITS: ModelLimits = {
  restMs: 2_000,
  longestRestMs: 120_000,
  mostLosses: 5,
  steadyMs: 600_000,
  drainMs: 30_000,
  planAgainMs: 15_000,
  probeMs: 60_000,
  probeAgainMs: 2_000,
  probeTries: 3,
  startMs: 180_000,
  avoidMs: 600_000,
  wayMs: 10_000,
  giveWayMs: 60_000,
  wantedMs: 300_000,
}
