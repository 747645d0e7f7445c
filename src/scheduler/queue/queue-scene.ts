import type { HostId, JobId } from "../../protocol/ids.ts"
import type { HoldBy, RoomAsked } from "../../protocol/queue-request.ts"
import type { ResourceRequest, Resources } from "../../protocol/resources.ts"
import type { Pieces } from "../calendar/need.ts"
import type { Closed } from "../calendar/plan-request.ts"
import type { Amounts } from "../limits/limits.ts"
import type { LinkedHost } from "../links/set-link.ts"
import type { Policy } from "../policy/policy.ts"
import type { ArrayTasks } from "../request/array-tasks.ts"
import type { Dependency } from "../request/dependency.ts"
import type { Progress } from "../request/dependency-state.ts"
import type { SchedulableHost, WaitingJob } from "../snapshot.ts"
import type { Preferred } from "./preferences.ts"

/** All that a plan is made from: plain data, never changed by the planner. */
export interface QueueScene {
  readonly policy: Policy
  readonly hosts: readonly QueueHost[]
  /** What the whole pool has some of, as licences. */
  readonly pieces: Pieces
  /** The factor of each user in each account, by `account/user`; 1 for who is not there: nothing was used. */
  readonly fairShares: ReadonlyMap<string, number>
  /** Faded minutes that limits on used minutes look at, by layer: `account vision`, `user vision/ann`, `qos long`, `root`. */
  readonly used: ReadonlyMap<string, UsedMinutes>
  /** In any order. */
  readonly waiting: readonly QueueJob[]
  readonly running: readonly RunningAttempt[]
  readonly bookings: readonly HostBooking[]
  /** Jobs that are neither waiting nor running, where dependencies may hang on them. */
  readonly ended: readonly EndedJob[]
}

export interface QueueHost extends SchedulableHost {
  /** How it is linked with others, where a job on several hosts waits; absent where nothing is known of that. */
  readonly linked?: LinkedHost & { readonly mbpsTo: ReadonlyMap<HostId, number> }
  /** The user whose Mac it is. */
  readonly owner: string | null
  /** Among hosts with room the lowest is taken first; equal ones in the order of the scene. */
  readonly weight: number
  /** Whom it prefers, by policy; absent: nobody. */
  readonly prefers?: readonly Preferred[]
  /** When its owner is usually there, by what was learned of the week: no start is planned then. */
  readonly expected: readonly Closed[]
}

export interface UsedMinutes {
  readonly minutes: Amounts
  readonly wallMinutes: number
}

/** A job that waits; an array with all its tasks that still wait. */
export interface QueueJob extends Pick<WaitingJob, "id" | "user" | "hasSecrets" | "data" | "workspace" | "crashes"> {
  readonly name: string
  readonly account: string
  /** It starts in whichever has room first. Never empty. */
  readonly partitions: readonly string[]
  readonly qos: string
  /** On each host. */
  readonly resources: ResourceRequest
  /** It shares its hosts with nobody. */
  readonly alone: boolean
  /** All or none. */
  readonly hosts: number
  readonly pieces: Pieces
  /** `null`: its partition's default, else longest. */
  readonly limitMs: number | null
  /** Names or ids; `null`: any. */
  readonly hostsWanted: readonly string[] | null
  readonly submittedMs: number
  /** Since when its waiting counts for its priority; `null`: it does not count yet. */
  readonly accruesSinceMs: number | null
  readonly beginMs: number | null
  /** What it waits for until `beginMs` at most, where that is no time that was said: what its last attempt wrote, or its next try. Absent: it was said. */
  readonly awaits?: "checkpoint" | "next_try"
  /** It is over by then or not started. */
  readonly deadlineMs: number | null
  readonly hold: HoldBy | null
  /** Set by hand, past all factors. */
  readonly priority: number | null
  /** The highest priority it had while it waited, for policies by which that never falls; absent: not known. */
  readonly reached?: number
  readonly nice: number
  readonly site: number
  readonly dependency: Dependency | null
  /** The booking it runs in. */
  readonly booking: string | null
  readonly expedited: boolean
  readonly interactive: boolean
  /** `of`: the array of a task that waits by itself, whose others count, too; absent where the job is the array. */
  readonly array: { readonly of?: JobId; readonly tasks: ArrayTasks; readonly running: number } | null
  /** What others were asked to make room for, of an array one for each of its tasks: kept for it until it starts there, or is too late. Absent: nothing. */
  readonly roomAsked?: readonly RoomAsked[]
}

export interface RunningAttempt {
  readonly job: JobId
  readonly task: number | null
  readonly name: string
  readonly user: string
  readonly account: string
  readonly partition: string
  readonly qos: string
  readonly hosts: readonly HostId[]
  /** On how many it runs in all, where others of them are told apart, as it holds something else there. Absent: on `hosts`. */
  readonly nodes?: number
  /** The only hosts it asked for, by id or name. Absent or `null`: any. */
  readonly hostsWanted?: readonly string[] | null
  /** What it holds on each of its hosts. */
  readonly resources: Resources
  readonly alone: boolean
  readonly pieces: Pieces
  readonly hasSecrets: boolean
  readonly submittedMs: number
  readonly startedMs: number
  /** `null`: it may run for ever. */
  readonly limitMs: number | null
  /** It is being ended, or stopped, for another: until then at the latest. */
  readonly leavesMs: number | null
  /** The job that gets its place then. Absent: none. */
  readonly leavesFor?: JobId | null
  /** Somebody works in it. Absent: no. */
  readonly interactive?: boolean
  /** It may run only once. Absent: no. */
  readonly once?: boolean
  /**
   * All of it is stopped so that this job starts, or runs, beside its memory. It takes up again what it holds before anybody else does; where that job
   * runs, its limit is counted from when that ends.
   */
  readonly stoppedFor?: JobId | null
}

/** A time in which hosts are kept for some. */
export interface HostBooking {
  readonly name: string
  readonly hosts: ReadonlySet<HostId>
  readonly startMs: number
  readonly endMs: number
  readonly users: readonly string[]
  readonly accounts: readonly string[]
  /** It comes again later than the scene knows. Absent: not as far as is known. */
  readonly goesOn?: boolean
}

export interface EndedJob extends Progress {
  readonly job: JobId
  readonly task: number | null
}

/** What to look at beside the policy. */
export interface QueueOptions {
  /** Also say when jobs below the depth of exact reservations may start. */
  readonly estimates?: boolean
  /** Of these also when those may whom limits keep off that may pass, as if they let them. */
  readonly limited?: boolean
  /** Plan for those, too, who wait for their begin time or their booking's alone, from then on. */
  readonly early?: boolean
  /** Times are not tried in the plans of later moments, which is done where jobs stand in several partitions, have given something up, or may preempt. Who starts where, and which time each has, is the same. */
  readonly untried?: boolean
}
