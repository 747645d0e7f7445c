import type { HostId, JobId } from "./ids.ts"

/** What a sender says of a job's way through the queue; all of it may be left out, and then the spec has none. */
export interface QueueRequest {
  /** Whose share it counts against; `null`: the sender's own by policy. */
  readonly account: string | null
  readonly qos: string | null
  /** Partitions, of which it starts in whichever has room first; `null`: that of the spec, or the policy's where that is the usual one. */
  readonly partitions: readonly string[] | null
  /** Points of priority given up. Administrators alone may say less than 0. */
  readonly nice: number
  /** It waits until it is released. */
  readonly hold: boolean
  /** Milliseconds since 1970 before which it does not start. */
  readonly beginAt: number | null
  /** It is over by then or not started. */
  readonly deadlineAt: number | null
  /** What it waits for of other jobs, as `afterok:12,afterany:13`. */
  readonly after: string | null
  /** The booking in which it runs, and nowhere else; absent in jobs of older releases. */
  readonly booking?: string | null
}

export const NO_QUEUE_REQUEST: QueueRequest = {
  account: null,
  qos: null,
  partitions: null,
  nice: 0,
  hold: false,
  beginAt: null,
  deadlineAt: null,
  after: null,
  booking: null,
}

/** Slurm's documented range of `nice`, either way. */
export const MAX_NICE_POINTS = 2_147_483_645
/** The highest priority that can be set by hand. */
export const MAX_PRIORITY_POINTS = 4_294_967_295

/**
 * Who holds a job: its own user, or an administrator, whose hold its user cannot release; or nobody (`copy`): the server's database was restored
 * from an older copy, and the job may have run since.
 */
export type HoldBy = "user" | "admin" | "copy"

/**
 * Where a job stands in the queue besides what its sender asked for: what was said of it later, and what was found out. Stored with
 * the job. Each field is absent as long as there is nothing to say.
 */
export interface JobStanding {
  readonly hold?: HoldBy
  /** Instead of what was asked for. */
  readonly nice?: number
  /** Set by hand, past all factors. */
  readonly priority?: number
  /** Instead of what was asked for: changed later, or set by its partition when it was placed. `null`: none. */
  readonly timeLimitMs?: number | null
  /** Since when its waiting counts, where that is later than when it was sent. */
  readonly waitsSince?: number
  /** The highest priority that it had while it waited, where by policy that never falls. */
  readonly reached?: number
  /** What it was placed under last. */
  readonly ranAs?: { readonly account: string; readonly partition: string; readonly qos: string }
  /** This attempt is being ended so that another job gets its place. */
  readonly leaving?: Leaving
  /** What its host was told last of stopping this attempt for another job. */
  readonly stoppedFor?: StoppedFor
  /** While it waits: what others were asked to make room for, of an array one for each of its tasks. Kept for it until it starts there, or is too late. */
  readonly roomAsked?: readonly RoomAsked[]
}

/** Room that others were asked to make for a job, as it was planned then. */
export interface RoomAsked {
  /** By whose right. */
  readonly partition: string
  /** All on which it is to run. */
  readonly hosts: readonly HostId[]
  readonly startMs: number
  /** `null`: it may run for ever. */
  readonly endMs: number | null
}

export interface StoppedFor {
  /** The attempt's number. */
  readonly attempt: number
  /** The job that runs, or is to run, beside its memory; `null`: it goes on. */
  readonly for: JobId | null
  /** The job, or task, that began to run there in its place; one that was there before, as long as it is on its way out. Absent: none has yet. */
  readonly runner?: JobId
  /** As `suspend-for` has it: the host keeps the word with the highest. */
  readonly turn: number
  /** The host has answered that it is so. */
  readonly done: boolean
  readonly since: number
  /** For whom and by what right, in words. */
  readonly text: string
}

export interface Leaving {
  /** The attempt's number. */
  readonly attempt: number
  readonly for: JobId
  readonly until: number
  readonly graceMs: number
  /** How it was preempted, by what right, and why it was not suspended where that was asked for. Absent: not known. */
  readonly text?: string
}

/** POST /v1/jobs/ID/hold and /release `{}`; both answer the job. */

/** POST /v1/jobs/ID/nice: what is left out stays. Answers the job, with {@link ChangeNotices}. */
export interface NiceRequest {
  readonly nice?: number | undefined
  /** Administrators alone; `null`: by its factors again. */
  readonly priority?: number | null | undefined
}

/** POST /v1/jobs/ID/time: another time limit, also while it runs. Answers the job, with {@link ChangeNotices}. */
export interface TimeRequest {
  readonly timeLimitMs: number | null
}

export interface ChangeNotices {
  /** Bookings of others that it may run into now, or that its priority does not count yet; absent: nothing. */
  readonly notices?: readonly string[]
}
