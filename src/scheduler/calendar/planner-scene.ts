import type { HostId, JobId } from "../../protocol/ids.ts"
import type { Resources } from "../../protocol/resources.ts"
import type { Need, Pieces } from "./need.ts"

export interface PlannerHost {
  readonly id: HostId
  readonly total: Resources
  /** Among hosts with room the lowest is taken first. */
  readonly weight: number
}

/** A job that waits, in what decides when and where it can run. */
export interface PlannerJob {
  readonly id: JobId
  /** How many hosts it runs on: all or none. */
  readonly hosts: number
  readonly need: Need
  readonly pieces: Pieces
  /** Where it may run at all; `null`: anywhere. */
  readonly allowed: ReadonlySet<HostId> | null
  /** Its time limit, else its partition's longest; Infinity for none. */
  readonly limitMs: number
}

/** What a running job holds. */
export interface PlannedLease {
  readonly hosts: readonly HostId[]
  readonly need: Need
  readonly pieces: Pieces
  /** When its time is over at the latest; Infinity when nobody knows. */
  readonly endMs: number
}

/** A time in which hosts are kept for some: a reservation made beforehand, a maintenance, an owner's hours. */
export interface Booking {
  readonly hosts: ReadonlySet<HostId>
  readonly startMs: number
  readonly endMs: number
  /** Jobs that it does not keep out. */
  readonly admits: ReadonlySet<JobId>
}

export interface PlannerScene {
  readonly hosts: readonly PlannerHost[]
  readonly pieces: Pieces
  readonly running: readonly PlannedLease[]
  /** In queue order: who stands earlier is never planned later for who stands behind. */
  readonly waiting: readonly PlannerJob[]
  readonly bookings: readonly Booking[]
}

export interface PlannerRules {
  /** The grid of all reservations. Slurm's bf_resolution. */
  readonly gridMs: number
  /** How far ahead is planned. Slurm's bf_window. */
  readonly windowMs: number
  /** How many jobs of the queue are planned. Slurm's bf_max_job_test. */
  readonly depth: number
}

export const DEFAULT_PLANNER_RULES: PlannerRules = { gridMs: 60_000, windowMs: 86_400_000, depth: 500 }

/**
 * start: now. reserved: then, on these hosts, which are kept for it. none: nothing was found within the window, or it was too far
 * down the queue.
 */
export type Planned = PlannedStart | { readonly job: JobId; readonly state: "none" }

export interface PlannedStart {
  readonly job: JobId
  readonly state: "start" | "reserved"
  readonly startMs: number
  readonly hosts: readonly HostId[]
}
