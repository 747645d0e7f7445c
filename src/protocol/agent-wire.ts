/**
 * What server and agent say to each other on the control stream (see frames.ts). Everything may arrive twice, late or
 * never: every message names its attempt by id and by sequence number, and both ends answer a repeat with what already is.
 *
 * Conversation: the agent sends `hello` with every attempt folder it finds. The server answers with one `adopt` or
 * `disown` for each, re-sends `start` for attempts the agent has never seen, in order of sequence, and only then `ready`.
 * After that both speak freely.
 */
import type { SuspendedFor, SuspendFor } from "./aside-wire.ts"
import type { CheckpointNews, OrderCheckpoint } from "./checkpoint.ts"
import type { OrderData } from "./data-wire.ts"
import type { EnvironmentSpec } from "./environment.ts"
import type { GateNews, GoMessage, OrderMember } from "./gang-wire.ts"
import type { HostFacts } from "./host.ts"
import type { HostDisk } from "./host-disk.ts"
import type { HostNews } from "./host-news.ts"
import type { AttemptId, BlobHash, JobId, ServerId } from "./ids.ts"
import type { Cause } from "./job-state.ts"
import type { Leftovers } from "./leftovers.ts"
import type { HostTerms, Lever } from "./owner.ts"
import type { FoundSuspension } from "./owner-wire.ts"
import type { Resources } from "./resources.ts"
import type { WarningSignal } from "./warning-signal.ts"

/** Raised when server and agent of neighbouring releases no longer understand each other. */
export const AGENT_PROTOCOL = 1

/** The order to run one attempt. Kept by the agent in the attempt's folder, without the secrets. */
export interface AttemptOrder {
  readonly attempt: AttemptId
  readonly job: JobId
  readonly jobName: string | null
  readonly user: string
  /** Which try of the job this is, from 1. */
  readonly number: number
  /** Counted up by the server for each host, from 1; names the attempt's folder; started once, ever. */
  readonly sequence: number
  /** Which member it is of an attempt on several hosts; absent for one on one host. */
  readonly member?: OrderMember
  readonly kind: "task" | "session"
  readonly command: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly workspace: BlobHash | null
  readonly workingFolder: string
  readonly lease: Resources
  /** The sender asked for the memory of the lease, and it is held to that. Absent from older servers: it did not. */
  readonly memoryAsked?: boolean
  readonly timeLimitMs: number | null
  readonly graceMs: number
  readonly stopSignal: string
  /** Sent once, before the time limit; absent where there is none, and from older servers. */
  readonly warning?: WarningSignal
  readonly outputs: readonly string[] | null
  readonly checkpoint?: OrderCheckpoint
  readonly stdin: BlobHash | null
  readonly data: readonly OrderData[]
  readonly pty: { readonly columns: number; readonly rows: number; readonly term: string } | null
  /** The Python environment it runs in. */
  readonly environment: EnvironmentSpec | null
  /** The agent itself ends the attempt after this long without contact, on a clock that counts sleep; `null`: never. */
  readonly silenceLimitMs: number | null
  /** Output kept per stream: the first bytes, and a ring of the last ones. */
  readonly outputHeadBytes: number
  readonly outputTailBytes: number
}

/** How an attempt's command ended, as written durably on the host. */
export interface ExitRecord {
  /** What ended it, as far as the host knows. `exited` and `signalled` are the command's own doing. */
  readonly cause: Cause
  readonly exitCode: number | null
  readonly signal: number | null
  /** By the host's clock. */
  readonly startedAt: number | null
  readonly endedAt: number
  readonly peakMemoryBytes: number | null
  readonly message: string | null
}

/** One attempt folder as the agent found it. */
export interface FoundAttempt extends FoundSuspension {
  readonly attempt: AttemptId
  readonly job: JobId
  readonly sequence: number
  /** preparing: no supervisor record, it never ran and (by the agent's doing) never will unless started again. */
  readonly phase: "preparing" | "running" | "exited"
  readonly startedAt: number | null
  readonly exit: ExitRecord | null
}

export type AgentMessage =
  | {
      readonly type: "hello"
      readonly protocol: number
      readonly agentVersion: string
      readonly server: ServerId
      readonly facts: HostFacts
      /** No attempt with this or a lower sequence can be started any more. */
      readonly highWater: number
      readonly attempts: readonly FoundAttempt[]
      /** Workspace trees wholly in the host's cache, latest used first. */
      readonly trees: readonly BlobHash[]
      readonly leftovers: Leftovers
      /** Data wholly laid out; absent from older agents. */
      readonly data?: readonly BlobHash[]
      /** The `disk-limit` it knows; absent where it knows none, and from older agents. */
      readonly diskLimitBytes?: number
      /** Names the machine, for this server alone (protocol/machine.ts); absent where it is not known, and from older agents. */
      readonly machine?: string
    }
  /** Data wholly laid out, all of it, whenever that changes. */
  | { readonly type: "data"; readonly roots: readonly BlobHash[] }
  /** Blobs the agent lacks of data; the server sends them to `/data` or, where `direct`, sees to it that they come from
   * other hosts, too (`/data/fetch`); then `supplied`. What has not come even so is asked for again, without `direct`.
   */
  | {
      readonly type: "need-data"
      readonly attempt: AttemptId
      readonly sequence: number
      readonly root: BlobHash
      readonly hashes: readonly BlobHash[]
      /** Another host may give them. */
      readonly direct: boolean
    }
  /** How far data is on its way, about once a second. */
  | {
      readonly type: "placing"
      readonly attempt: AttemptId
      readonly sequence: number
      readonly name: string
      readonly doneBytes: number
      readonly totalBytes: number
    }
  /** Blobs the agent lacks for this attempt's workspace or stdin; the server sends them to `/blobs`, then `supplied`. */
  | {
      readonly type: "need"
      readonly attempt: AttemptId
      readonly sequence: number
      readonly hashes: readonly BlobHash[]
    }
  /** uv is not on the host, and the attempt's environment needs it; the server sends it, then `supplied`. */
  | { readonly type: "need_uv"; readonly attempt: AttemptId; readonly sequence: number }
  /** The supervisor's record is on disk and the command is about to run. */
  | {
      readonly type: "started"
      readonly attempt: AttemptId
      readonly sequence: number
      readonly pid: number
      /** By the host's clock. */
      readonly at: number
    }
  /** The exit status is durable on the host. Output up to the given totals follows if it has not come yet. */
  | {
      readonly type: "exited"
      readonly attempt: AttemptId
      readonly sequence: number
      readonly exit: ExitRecord
      readonly stdoutBytes: number
      readonly stderrBytes: number
    }
  /** The process tree is gone: the lease is free. What could not be ended was told before, as `leftovers`. */
  | { readonly type: "swept"; readonly attempt: AttemptId; readonly sequence: number }
  /** What the job made: a tree of just the outputs, fetched from `/outputs/ATTEMPT`; `null` when there is nothing. */
  | {
      readonly type: "outputs"
      readonly attempt: AttemptId
      readonly sequence: number
      readonly tree: BlobHash | null
      readonly files: number
      readonly bytes: number
      /** Why outputs could not be collected, in words. */
      readonly problem: string | null
      /** Globs of the order that match nothing in the folder at its end; absent when there are none, and from older agents. */
      readonly unmatched?: readonly string[]
    }
  /** The order was refused or could not be carried out before the command ran. `gone`: it was here once and is done. */
  | {
      readonly type: "refused"
      readonly attempt: AttemptId
      readonly sequence: number
      readonly cause: Cause | "gone"
      readonly message: string
      /** The name of the data that is to blame. */
      readonly data?: string
    }
  /** The attempt's folder is removed (answer to `forget`). */
  | { readonly type: "forgotten"; readonly attempt: AttemptId; readonly sequence: number }
  /** A look at the host and what runs there, every few seconds while something runs, else rarely. */
  | {
      readonly type: "sample"
      readonly at: number
      readonly memoryFreeBytes: number
      readonly diskFreeBytes: number
      readonly load: number
      readonly attempts: readonly {
        readonly sequence: number
        readonly memoryBytes: number
        readonly processes: number
        /** CPU time its processes have had so far; absent where it is not known, and from older agents. */
        readonly cpuMs?: number
      }[]
    }
  /** What ended attempts have left on the host, all of it, whenever that changes. A repeat changes nothing. */
  | { readonly type: "leftovers"; readonly leftovers: Leftovers }
  /** What Windfall holds on the host's disk, and may hold there now: after `hello`, and when that has changed by more than a little. */
  | { readonly type: "disk"; readonly disk: HostDisk }
  | HostNews
  | CheckpointNews
  | GateNews
  | SuspendedFor
  /** The host's owner is taking Windfall off: what runs is asked to end, and nothing can be started here any more. */
  | { readonly type: "left" }
  /**
   * Something an administrator should know (a cache that cannot be written, a clock far off...). With an attempt it is about
   * that one's job, and for its owner too.
   */
  | {
      readonly type: "notice"
      readonly message: string
      readonly attempt?: AttemptId
      readonly sequence?: number
    }

export type ServerMessage =
  /**
   * This attempt is mine: go on, send output from these offsets (bytes already durable here), and its later news again. Said
   * once more later, it asks for output that was told of and has not come.
   */
  | {
      readonly type: "adopt"
      readonly attempt: AttemptId
      readonly sequence: number
      readonly stdout: number
      readonly stderr: number
      /** The exit is already recorded here. */
      readonly exitKnown: boolean
    }
  /** This attempt is not in the server's database (restored from an older copy?): leave it as it is, send nothing of it. */
  | { readonly type: "disown"; readonly attempt: AttemptId; readonly sequence: number }
  /** Everything found has been answered. */
  | { readonly type: "ready"; readonly server: ServerId; readonly now: number }
  | {
      readonly type: "start"
      readonly order: AttemptOrder
      /** Values of secrets by variable name. Never written to the order on disk, never logged. */
      readonly secrets: Readonly<Record<string, string>>
    }
  /** What a `need` or `need_uv` asked for has been sent. */
  | { readonly type: "supplied"; readonly attempt: AttemptId; readonly sequence: number }
  /** It cannot be had: end the attempt with workspace_failed, or environment_failed. */
  | { readonly type: "unsupplied"; readonly attempt: AttemptId; readonly sequence: number; readonly message: string }
  /** This data is in the server's database no more: it may go. */
  | { readonly type: "let-go-data"; readonly roots: readonly BlobHash[] }
  /** What Windfall may hold on the host at most; `null`: as the agent reckons. A repeat changes nothing. */
  | { readonly type: "disk-limit"; readonly bytes: number | null }
  /** What people have said of the host: before `ready`, and whenever that changes. A repeat changes nothing. */
  | {
      readonly type: "owner"
      readonly terms: HostTerms
      /** By the server's clock. What the host tells as `lever` is by that, too. */
      readonly lever: Lever
      /** What the server's clock shows; absent from older servers. */
      readonly now?: number
    }
  /** A page for the owner's folder on a Mac: at each contact, and once a day. A repeat changes nothing. */
  | { readonly type: "owner-page"; readonly name: "Last 30 days.txt"; readonly text: string }
  /** End it: `stopSignal`, after `graceMs` SIGKILL. A second one may shorten the grace, never lengthen it. */
  | {
      readonly type: "stop"
      readonly attempt: AttemptId
      readonly sequence: number
      readonly cause: Cause
      readonly signal: string
      readonly graceMs: number
    }
  /** A change of the running attempt's limit. */
  | {
      readonly type: "limit"
      readonly attempt: AttemptId
      readonly sequence: number
      readonly timeLimitMs: number | null
    }
  | GoMessage
  | SuspendFor
  /** Output up to here is durable at the server; the host may let go of it. */
  | { readonly type: "received"; readonly sequence: number; readonly stdout: number; readonly stderr: number }
  /** The server has everything: raise the high-water mark, remove the folder, answer `forgotten`. */
  | { readonly type: "forget"; readonly attempt: AttemptId; readonly sequence: number }
  /** End the agent kindly: when nothing runs, or leaving what runs to the next agent. */
  | { readonly type: "leave" }
