import type { ChildProcess } from "node:child_process"
import type { AttemptOrder, ExitRecord } from "../protocol/agent-wire.ts"
import type { AttemptId, JobId } from "../protocol/ids.ts"
import type { Cause } from "../protocol/job-state.ts"
import type { Sleep } from "../protocol/sleep.ts"
import type { CollectedOutputs } from "../workspace/outputs.ts"
import type { StatIndex } from "../workspace/stat-index.ts"
import type { AttemptEnvironment } from "./attempt-environment.ts"
import { Suspension } from "./owner/suspension.ts"
import type { SupervisorStatus } from "./supervisor-text.ts"

/**
 * preparing: its workspace is being made; launching: the forker has been asked; running; sweeping: the command has ended and
 * some of its tree is left; lost: its supervisor is gone without a word; ended: status durable and tree gone.
 */
export type AttemptPhase = "preparing" | "launching" | "running" | "sweeping" | "lost" | "ended"

/** Why and how an attempt is to end. */
export interface StopRequest {
  readonly cause: Cause
  readonly signal: string
  readonly graceMs: number
}

/** One attempt on this host, as the agent knows it. The folder is the truth; this is rebuilt from it. */
export class Attempt {
  readonly id: AttemptId
  readonly job: JobId
  readonly sequence: number
  readonly folder: string
  order: AttemptOrder | null
  /** The folder's, when the agent has made it. */
  inode: number | null = null
  /** Kept until the command has started: a dead forker must be asked again. */
  secrets: Readonly<Record<string, string>> | undefined
  hasSecrets = false
  phase: AttemptPhase = "preparing"
  /** Whether the server knows it as its own: only then is anything sent about it. */
  adopted = false
  /** The server does not know it: it is left as it is. */
  disowned = false
  /** A shell was opened beside it: what that has started is not below its supervisor. */
  hadShell = false
  /** Programs that this agent runs beside it for people: they are ended when its tree is swept. */
  readonly beside = new Set<ChildProcess>()
  /** Tunnels of this agent to it, open or being opened. */
  tunnels = 0
  /** Its tree is being swept by this agent, which must not leave meanwhile. */
  sweeping = false
  supervisor: { readonly pid: number; readonly start: string } | null = null
  /** The group of the command, once known. */
  group: number | null = null
  startedAt: number | null = null
  /** Start, by the clock that counts sleep. */
  startedUptimeMs = 0
  /** For how long its tree was stopped for the sake of people at the host; and whether it is. */
  readonly suspension = new Suspension()
  /** Which order of the server about stopping it for another job was answered last; 0: none. */
  asideTold = 0
  /** It was told that its time limit is near. */
  warned = false
  stop: StopRequest | null = null
  /** When its grace ends, by `performance.now()`. */
  stopDueMs = Number.POSITIVE_INFINITY
  status: SupervisorStatus | null = null
  /** Said with the exit where the cause alone does not explain it. */
  message: string | null = null
  totals: { readonly stdout: number; readonly stderr: number } = { stdout: 0, stderr: 0 }
  peakMemoryBytes = 0
  /** Of one whose supervisor was gone when this agent came: when it was alive last, by the host's clock; `null`: this agent sees its end. */
  lastSignMs: number | null = null
  /** When the host slept while it ran, by the host's clock. */
  sleeps: readonly Sleep[] = []
  /** What its tree held when it was measured last; `null`: it was not yet. */
  heldBytes: number | null = null
  /** CPU time that it had had then, and when, by `performance.now()`; `null`: that is not known. */
  cpuUsed: { readonly cpuMs: number; readonly atMs: number } | null = null
  /** Processes seen below the supervisor, with their starts: on macOS a child that lost its parent is known only so. */
  readonly seen = new Map<number, string>()
  /** The Python environment it runs in, once known. */
  environment: AttemptEnvironment | undefined
  /** What builds its environment and then becomes its command: words before the command's; none where nothing is to be built. */
  builder: readonly string[] = []
  /** Of its workspace, until that is in its file. */
  index: StatIndex | undefined
  /** `undefined`: not collected yet. */
  outputs: CollectedOutputs | { readonly problem: string } | undefined
  /** What it leaves to the next attempt, where that is not what comes home; `undefined`: not collected. */
  checkpoint: CollectedOutputs | { readonly problem: string } | undefined
  collecting = false
  /** Of a member of an attempt on several hosts: whether the server was told that it waits, and since when it does not any more. */
  readonly gate: { isTold: boolean; went: { readonly at: number; readonly uptimeMs: number } | null } = {
    isTold: false,
    went: null,
  }
  /** Ends preparing. */
  abort: AbortController | undefined
  /** Resolved when the blobs asked for have come (or another host offers them), rejected when they cannot be had. */
  supply: { resolve: () => void; reject: (reason: unknown) => void } | undefined

  constructor(id: AttemptId, job: JobId, sequence: number, folder: string, order: AttemptOrder | null) {
    this.id = id
    this.job = job
    this.sequence = sequence
    this.folder = folder
    this.order = order
  }

  /** Whether something of it is alive, or may yet be, that this agent has to look after. */
  get live(): boolean {
    if (this.disowned) return false
    return this.sweeping || this.phase === "launching" || this.phase === "running" || this.phase === "sweeping"
  }

  /** How it ended; `null` before. */
  get exit(): ExitRecord | null {
    if (this.status === null) return null
    const { cause, exitCode, signal, startedAt, endedAt, peakMemoryBytes } = this.status
    return {
      cause,
      exitCode,
      signal,
      startedAt: this.order?.member === undefined ? startedAt || null : (this.gate.went?.at ?? null),
      endedAt,
      peakMemoryBytes: Math.max(peakMemoryBytes, this.peakMemoryBytes) || null,
      message: this.message ?? MESSAGES[cause] ?? null,
    }
  }
}

const MESSAGES: Partial<Record<Cause, string>> = {
  // Only where the agent that ended it is not there any more to say more.
  owner_policy: "It stepped aside, as the host's owner wanted",
  out_of_memory: "The system ended it because the host had run out of memory",
  host_crashed: "The Mac crashed while it ran",
  host_restarted: "The host was restarted while it ran",
  supervisor_lost: "Its supervisor was ended by something else, so its exit status is not known",
  start_failed: "The host could not start another process",
  resume_failed:
    "It failed within 10 s of going on after it was stopped for its host's owner or another job: what it had on the GPU did not last",
  link_lost: "The host had no contact with the server for longer than the job allows",
}
