import type { JobCheckpoint } from "./checkpoint.ts"
import type { LearnedNeed } from "./earlier-runs.ts"
import type { EnvironmentSpec } from "./environment.ts"
import type { GangRequest } from "./gang.ts"
import type { AttemptId, BlobHash, HostId, JobId } from "./ids.ts"
import type { ArrayView, TaskOf } from "./job-array.ts"
import type { JobData } from "./job-data.ts"
import type { Cause, JobState } from "./job-state.ts"
import type { JobNotify } from "./notify.ts"
import type { JobStanding, QueueRequest } from "./queue-request.ts"
import { DEFAULT_REQUEST, type ResourceRequest } from "./resources.ts"
import type { Sleep } from "./sleep.ts"
import type { WarningSignal } from "./warning-signal.ts"

/** `hive`: a model that is served; the server alone sends them. */
export type JobKind = "task" | "session" | "hive"

/** Everything a sender says about a job. The job file, the flags of `send` and `POST /v1/jobs` all become this. */
export interface JobSpec {
  readonly kind: JobKind
  /** A name of the sender's choice, unique among the sender's unfinished jobs; `null` for none. */
  readonly name: string | null
  /** argv, run without a shell. Never empty, but for a `session` (then the account's login shell). */
  readonly command: readonly string[]
  /** Variables named by `--env`, with their values. */
  readonly env: Readonly<Record<string, string>>
  /** Names of stored secrets that reach the job as variables of the same name. */
  readonly secrets: readonly string[]
  /** The root hash of the workspace tree; `null` for an empty folder. */
  readonly workspace: BlobHash | null
  /** What its files take, as its sender says; absent where that is little, and from older senders. A hint where to run, no more. */
  readonly workspaceBytes?: number | undefined
  /** Where in the workspace the command starts, relative, "" for its top. */
  readonly workingFolder: string
  readonly resources: ResourceRequest
  /** Wall-clock limit of one attempt in milliseconds, suspended time not counted; `null` for none. */
  readonly timeLimitMs: number | null
  /** From the stop signal to SIGKILL, in milliseconds. */
  readonly graceMs: number
  /** The signal that asks the job to stop, for instance "SIGTERM". */
  readonly stopSignal: string
  /** What it is told before its time limit ends it; absent where its sender wants nothing of that. */
  readonly warning?: WarningSignal | undefined
  /** A host's name or id, when the job must run there. */
  readonly host: string | null
  readonly partition: string
  /** Globs of what comes home; `null`: every file the job made or changed. */
  readonly outputs: readonly string[] | null
  /** Globs of what an attempt that is tried again leaves to the next; `null`: what comes home; none: nothing. */
  readonly checkpoint: readonly string[] | null
  /** What to do when an attempt is lost with its host. */
  readonly retry: RetryPolicy
  /** A blob given to the job as its standard input; `null` is /dev/null. */
  readonly stdin: BlobHash | null
  /** Run under a pseudo-terminal (stdout and stderr become one). */
  readonly pty: { readonly columns: number; readonly rows: number; readonly term: string } | null
  /** Must it stay a child of the live session, to reach the LAN on macOS 15+? */
  readonly needsLan: boolean
  /** Whom to tell of what becomes of it; `null`: as the sender has said for all jobs. */
  readonly notify: JobNotify | null
  /** Stored data it sees in its folder. */
  readonly data: readonly JobData[]
  /** What the sender's folder was in git terms, for the record; `null` outside a repository. */
  readonly git: GitRecord | null
  /** The Python environment it runs in; `null` for none. */
  readonly environment: EnvironmentSpec | null
  /** Its way through the queue; absent where its sender says nothing of that. */
  readonly queue?: QueueRequest | undefined
  /**
   * Tells the sender's folder from others without saying where it is: by it a job is known to be one that was sent before. Absent
   * where nothing travels, and in jobs of older senders.
   */
  readonly project?: string | undefined
  /** The tasks that it has, as `1-100%8`; absent where it is no array. */
  readonly array?: string | undefined
  /** It runs on several hosts at once; absent for one. */
  readonly gang?: GangRequest | undefined
}

export interface GitRecord {
  readonly commit: string
  readonly branch: string | null
  /** `git diff HEAD` at send, cut at 256 KiB; "" when clean. */
  readonly dirtyDiff: string
}

export interface RetryPolicy {
  /** How many further attempts after one that was lost or could not start. */
  readonly limit: number
  /** How long a silent host is waited for before the attempt counts as lost; `null`: for ever. */
  readonly afterSilenceMs: number | null
  /** `--once`: never run again, whatever happened. */
  readonly once: boolean
}

export const DEFAULT_GRACE_MS = 10_000
export const DEFAULT_PARTITION = "apple_gpu"
/** The terminal of a session whose sender has none. */
export const DEFAULT_TERMINAL = { columns: 80, rows: 24, term: "xterm-256color" }

/** A job of which nothing is said but its command. */
export const DEFAULT_SPEC: Omit<JobSpec, "command"> = {
  kind: "task",
  name: null,
  env: {},
  secrets: [],
  workspace: null,
  workingFolder: "",
  resources: DEFAULT_REQUEST,
  timeLimitMs: null,
  graceMs: DEFAULT_GRACE_MS,
  stopSignal: "SIGTERM",
  host: null,
  partition: DEFAULT_PARTITION,
  outputs: null,
  checkpoint: null,
  retry: { limit: 0, afterSilenceMs: null, once: false },
  stdin: null,
  pty: null,
  needsLan: false,
  notify: null,
  data: [],
  git: null,
  environment: null,
}

/** A job as the API shows it. Times are milliseconds since 1970 by the server's clock. */
export interface JobView {
  readonly id: JobId
  readonly user: string
  readonly spec: JobSpec
  readonly state: JobState
  readonly cause: Cause | null
  readonly exitCode: number | null
  readonly signal: number | null
  /** One sentence on why it waits or what ended it; `null` when there is nothing to say. */
  readonly reason: string | null
  /** Its place in the queue from 1, while queued. */
  readonly place: number | null
  readonly submittedAt: number
  readonly startedAt: number | null
  readonly endedAt: number | null
  readonly attempts: readonly AttemptView[]
  readonly outputs: OutputsView | null
  /** What is leased for it by what earlier runs held, as its sender did not say; absent where nothing was learned. */
  readonly learned?: LearnedNeed
  /** What an earlier attempt left to the next; absent where none was tried again. */
  readonly checkpoint?: JobCheckpoint
  /** What was said later of its place in the queue; absent where nothing was. */
  readonly standing?: JobStanding
  /** How its tasks stand; absent where it is no array. */
  readonly array?: ArrayView
  /** Absent where it is no task of an array. */
  readonly task?: TaskOf
}

export type AttemptState = "starting" | "running" | "suspended" | "finishing" | "ended"

/** An attempt whose processes are all stopped for the sake of people at its host. */
export interface Suspension {
  readonly since: number
  /** As an obstacle of the host says it: owner_here, paused, on_battery ... */
  readonly code: string
  readonly text: string
}

export interface AttemptView {
  readonly id: AttemptId
  /** 1 for the first try. */
  readonly number: number
  /** From 0: which member of the attempt this is, where that is on several hosts; absent where it is on one. */
  readonly rank?: number
  /** How the hosts of all members are linked, in words; absent where the attempt is on one. */
  readonly link?: string
  readonly hostId: HostId
  readonly hostName: string
  readonly state: AttemptState
  /** Since when the host has not been heard of, while the attempt was last known alive; else `null`. */
  readonly outOfContactSince: number | null
  readonly startedAt: number | null
  readonly endedAt: number | null
  readonly cause: Cause | null
  readonly exitCode: number | null
  readonly signal: number | null
  /** What went wrong in words, for causes that need them. */
  readonly message: string | null
  readonly peakMemoryBytes: number | null
  /** Absent where nobody has looked in this run of the server, and of attempts that do not run. */
  readonly usage?: AttemptUsage
  /** Bytes of each stream recorded so far, as counted on the host. */
  readonly stdoutBytes: number
  readonly stderrBytes: number
  /** Since when and why it is stopped for the sake of people at its host; `null` when it is not. */
  readonly suspended: Suspension | null
  /** For how long it was stopped before that, in all: no limit and no use of a GPU counts it. */
  readonly suspendedMs: number
  /** Its host was lost, or given up, before it had told how much it printed in all: the log may lack its end. */
  readonly logEnd?: "unknown"
  /** When its host slept while it ran, oldest first, by that host's clock; absent where it did not, as far as is known. */
  readonly sleeps?: readonly Sleep[]
}

/** What an attempt used when its host last looked. */
export interface AttemptUsage {
  /** By the server's clock. */
  readonly at: number
  readonly memoryBytes: number
  readonly processes: number
  /** Of one core, since the look before; `null` where that is not known. */
  readonly cpuPercent: number | null
}

/** What became of an attempt's output files on their way home. */
export interface OutputsView {
  readonly state: "collecting" | "ready" | "none" | "lost" | "expired"
  /** The root of the tree that holds just the outputs; `null` unless ready. */
  readonly tree: BlobHash | null
  readonly files: number
  readonly bytes: number
  /** Why some or all could not come, in words; absent when nothing went wrong. */
  readonly problem?: string
  /** Of what `--output` named, what matched nothing in its folder at its end; absent when all did, or nobody knows. */
  readonly unmatched?: readonly string[]
  /** With `lost`: their host still has them, and they come after all if it gives them at a later contact. */
  readonly late?: true
}
