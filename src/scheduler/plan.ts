import type { HostId, JobId } from "../protocol/ids.ts"
import type { Resources } from "../protocol/resources.ts"
import type { Snapshot } from "./snapshot.ts"

/** The scheduler's answer. */
export interface Plan {
  /** Jobs to start now, in queue order, and where. */
  readonly starts: readonly Start[]
  /** Jobs that hold a place before later ones, as far as the pass had to look. */
  readonly reservations: readonly Reservation[]
  /** When to plan again although nothing changed: the earliest `notBeforeMs` still to come that was seen; else `null`. */
  readonly wakeAtMs: number | null
}

export interface Start {
  readonly job: JobId
  readonly host: HostId
  /** What the attempt's lease holds there. */
  readonly resources: Resources
}

/** A job that cannot start yet: on these hosts nothing starts that would delay it. */
export interface Reservation {
  readonly job: JobId
  readonly hosts: readonly HostId[]
}

/** Decides what starts now. Pure: the same snapshot and time give the same plan. */
export function plan(_snapshot: Snapshot, _nowMs: number): Plan {
  return { starts: [], reservations: [], wakeAtMs: null }
}
