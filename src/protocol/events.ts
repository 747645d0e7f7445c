import type { CodePurpose } from "./api.ts"
import type { AttemptId, HostId, JobId } from "./ids.ts"
import type { Cause, JobState } from "./job-state.ts"

/** What every event carries. Events are append-only and numbered by the server without gaps. */
export interface EventHead {
  readonly sequence: number
  /** Milliseconds since 1970 by the server's clock. */
  readonly at: number
  /** Who did it: a user's name, or "windfall". */
  readonly actor: string
}

export type EventBody =
  | {
      readonly type: "job_submitted"
      readonly job: JobId
      readonly user: string
      readonly name: string | null
      /** Of a task of an array: it has a record of its own from now on. */
      readonly array?: JobId
      readonly task?: number
    }
  | {
      readonly type: "job_state"
      readonly job: JobId
      readonly from: JobState
      readonly to: JobState
      readonly cause: Cause | null
      readonly reason: string | null
    }
  | {
      readonly type: "attempt_placed"
      readonly job: JobId
      readonly attempt: AttemptId
      readonly number: number
      readonly host: HostId
      readonly hostName: string
      /** Which member of an attempt on several hosts. */
      readonly rank?: number
      /** It begins with what this earlier attempt wrote; absent where it begins with what was sent alone. */
      readonly checkpoint?: number
    }
  | {
      readonly type: "attempt_ended"
      readonly job: JobId
      readonly attempt: AttemptId
      readonly number: number
      /** Which member of an attempt on several hosts. */
      readonly rank?: number
      readonly cause: Cause
      readonly exitCode: number | null
      readonly signal: number | null
    }
  | {
      readonly type: "attempt_contact"
      readonly job: JobId
      readonly attempt: AttemptId
      readonly lostSince: number | null
    }
  /** What an attempt wrote is on the server, and the next one begins with it. */
  | {
      readonly type: "checkpoint_kept"
      readonly job: JobId
      readonly number: number
      readonly files: number
      readonly bytes: number
    }
  /** Somebody said something of a job's place in the queue, or of its time limit: "nice 0 -> 100". */
  | { readonly type: "job_changed"; readonly job: JobId; readonly what: string }
  | { readonly type: "outputs_ready"; readonly job: JobId; readonly files: number; readonly bytes: number }
  | { readonly type: "host_added"; readonly host: HostId; readonly name: string }
  | {
      readonly type: "host_link"
      readonly host: HostId
      readonly name: string
      readonly link: string
      readonly reason: string | null
    }
  | { readonly type: "host_changed"; readonly host: HostId; readonly name: string; readonly what: string }
  | {
      readonly type: "host_withheld"
      readonly host: HostId
      readonly name: string
      /** Why it gets no new jobs, in words for everybody; `null` when it gets jobs again. */
      readonly reason: string | null
    }
  | {
      readonly type: "stray"
      readonly host: HostId
      readonly name: string
      readonly pid: number
      /** Shown to the job's owner and to administrators; `null` for others. */
      readonly command: string | null
      readonly job: JobId | null
      /** The job's owner. */
      readonly user: string | null
      readonly certain: boolean
      readonly gone: boolean
    }
  | {
      /** A Mac went down while it ran a job. */
      readonly type: "host_crashed"
      readonly host: HostId
      readonly name: string
      readonly job: JobId
      readonly attempt: AttemptId
      /** What is known of the crash, in words. */
      readonly reason: string | null
      /** How often it has, with jobs like this one. */
      readonly times: number
      /** Such jobs do not go there any more. */
      readonly quarantined: boolean
    }
  | {
      /** A host slept while it ran an attempt: by its own clock. */
      readonly type: "host_slept"
      readonly host: HostId
      readonly name: string
      readonly job: JobId
      readonly attempt: AttemptId
      readonly from: number
      readonly to: number
    }
  /** Somebody has moved the lever of a host: the actor, at the Mac itself or from elsewhere. */
  | {
      readonly type: "host_lever"
      readonly host: HostId
      readonly name: string
      readonly act: "paused" | "resumed" | "rules"
      /** "paused until 18:00", "on_return: vacate". */
      readonly what: string
      readonly from: "mac" | "elsewhere"
    }
  /** An attempt was stopped, or asked to end, for the sake of people at its host. */
  | {
      readonly type: "attempt_suspended" | "attempt_vacating"
      readonly job: JobId
      readonly attempt: AttemptId
      readonly host: HostId
      readonly hostName: string
      /** As an obstacle of the host, or suspended_too_long, memory_needed, evicted. */
      readonly code: string
      readonly reason: string
      /** From the sign of somebody, or the word, to the last process stopped; `null`: nobody measured it. */
      readonly reactionMs: number | null
    }
  | {
      readonly type: "attempt_continued"
      readonly job: JobId
      readonly attempt: AttemptId
      readonly host: HostId
      readonly hostName: string
      /** For how long it was stopped in all. */
      readonly suspendedMs: number
    }
  | { readonly type: "fleet_changed"; readonly fleet: string; readonly what: string }
  | {
      readonly type: "booking_made" | "booking_changed" | "booking_removed"
      readonly booking: string
      readonly what: string
    }
  | { readonly type: "policy_applied"; readonly version: number; readonly what: string }
  /** An administrator had all sums of usage made anew from the recorded intervals. */
  | { readonly type: "usage_recomputed" }
  /** What a host was lent in the week before, told to its owner each Monday. */
  | { readonly type: "host_lent"; readonly host: HostId; readonly name: string; readonly line: string }
  | { readonly type: "host_removed"; readonly host: HostId; readonly name: string }
  | { readonly type: "user_changed"; readonly user: string; readonly what: string }
  | { readonly type: "token_changed"; readonly user: string; readonly what: string }
  /** A key for models. */
  | { readonly type: "key_changed"; readonly user: string; readonly what: string }
  | {
      readonly type: "invite_changed"
      readonly purpose: CodePurpose
      /** The user, or whose Mac it is. */
      readonly about: string
      readonly what: string
    }
  /** A model that is served: what somebody said of it, or how it or a replica of it stands now. */
  | { readonly type: "model_changed"; readonly name: string; readonly user: string; readonly what: string }
  | { readonly type: "data_changed"; readonly name: string; readonly user: string; readonly what: string }
  | { readonly type: "secret_changed"; readonly user: string; readonly name: string; readonly what: string }
  | { readonly type: "notify_changed"; readonly user: string; readonly what: string }
  | { readonly type: "notice"; readonly message: string; readonly host: HostId | null; readonly job: JobId | null }

export type WindfallEvent = EventHead & EventBody
