/** A point in time on both clocks of a host. Durations are measured on the second one only. */
export interface Moment {
  /** Milliseconds since 1970: for hours, pauses and words. It may jump. */
  readonly wallMs: number
  /** Milliseconds of a clock that never jumps and goes on while the machine sleeps. */
  readonly sleepCountingMs: number
}

/** How long it is from one moment to a later one. */
export function msBetween(earlier: Moment, later: Moment): number {
  return later.sleepCountingMs - earlier.sleepCountingMs
}

/** The moment so much before another, on both clocks. */
export function momentBefore(moment: Moment, ms: number): Moment {
  return { wallMs: moment.wallMs - ms, sleepCountingMs: moment.sleepCountingMs - ms }
}
