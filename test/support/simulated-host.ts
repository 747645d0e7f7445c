import type { AgentMessage, AttemptOrder, ExitRecord, ServerMessage } from "../../src/protocol/agent-wire.ts"
import { AGENT_PROTOCOL } from "../../src/protocol/agent-wire.ts"
import type { ExaminationRequest } from "../../src/protocol/doctor-wire.ts"
import type { OutputStream } from "../../src/protocol/frames.ts"
import type { MemberAddress, MemberPlace } from "../../src/protocol/gang-wire.ts"
import type { HostFacts } from "../../src/protocol/host.ts"
import type { AttemptId, BlobHash, HostId, ServerId } from "../../src/protocol/ids.ts"
import type { Cause } from "../../src/protocol/job-state.ts"
import type { Leftovers } from "../../src/protocol/leftovers.ts"
import type { HostsContext, HostTunnel } from "../../src/server/hosts/host-channel.ts"
import { BlobFolder } from "../../src/workspace/blob-folder.ts"
import { missingFrom } from "../../src/workspace/diff.ts"
import { encodePack } from "../../src/workspace/pack.ts"
import { suspendFor } from "./simulated-aside.ts"
import { type SimulatedAttempt, toGate } from "./simulated-attempt.ts"
import { SimulatedChannel } from "./simulated-channel.ts"
import { examinationLines, HOST_FACTS, LINUX_EXAMINATION } from "./simulated-facts.ts"

export type { SimulatedAttempt } from "./simulated-attempt.ts"

/** What the simulated host does with an order; the default runs `true` at once. */
export type Script = (host: SimulatedHost, attempt: SimulatedAttempt) => void

/** Runs a job that prints and exits at once. */
export function exitsAtOnce(exitCode = 0, stdout = ""): Script {
  return (host, attempt) => {
    host.begin(attempt)
    if (stdout !== "") host.print(attempt, "stdout", stdout)
    host.finish(attempt, { exitCode })
  }
}

/** Begins and goes on until told to stop. */
export const runsOn: Script = (host, attempt) => host.begin(attempt)

/** An agent and its host's disk, in this process: keeps to the protocol, and the link can be cut at any point. */
export class SimulatedHost {
  readonly id: HostId
  readonly attempts = new Map<AttemptId, SimulatedAttempt>()
  readonly said: ServerMessage[] = []
  /** Another one after each start of the server. */
  readonly #contextNow: () => HostsContext
  readonly #folder: string
  #blobs: BlobFolder | undefined
  highWater = 0
  facts: HostFacts = HOST_FACTS
  /** What names the machine, for hello. */
  machine: string | undefined
  /** What it says of its network when it connects. */
  network: Extract<AgentMessage, { type: "network" }> | undefined
  leftovers: Leftovers = { strays: [], missingBytes: 0 }
  script: Script = exitsAtOnce()
  /** What it does when a member of an attempt on several hosts is let go. */
  onGo: Script = exitsAtOnce()
  /** What it says of its addresses at the gate. */
  addresses: readonly MemberAddress[] = []
  /** Whether it does at once what it is told of stopping attempts for others. */
  obeys = true
  /** What it says when it is to examine itself, in lines of JSON. */
  examine: (request: ExaminationRequest) => AsyncIterable<Uint8Array> = () => examinationLines(LINUX_EXAMINATION)
  /** What it answers when it is asked for outputs; another one makes it a host that fails or lies. */
  giveOutputs: (hashes: readonly BlobHash[], signal: AbortSignal) => AsyncIterable<Uint8Array> = (hashes) => {
    const { blobs } = this
    return encodePack(
      hashes.map((hash) => ({ hash, bytes: blobs.bytesOf(hash) ?? 0, open: () => blobs.readSync(hash) })),
    )
  }
  /** What it does when a tunnel to one of its ports is asked for. */
  openTunnel: (path: string) => Promise<HostTunnel> = () => {
    throw new TypeError("this simulated host has no tunnels")
  }
  /** How often each job's command was begun, the ledger against running twice. */
  readonly begun = new Map<number, number>()
  /** What members were told when they were let go. */
  readonly rosters = new Map<AttemptId, readonly MemberPlace[]>()
  #channel: SimulatedChannel | undefined
  /** Messages of this turn leave together. */
  #outbox: AgentMessage[] = []

  constructor(id: HostId, contextNow: () => HostsContext, folder: string) {
    this.id = id
    this.#contextNow = contextNow
    this.#folder = folder
  }

  get #context(): HostsContext {
    return this.#contextNow()
  }

  get blobs(): BlobFolder {
    this.#blobs ??= new BlobFolder(this.#folder)
    return this.#blobs
  }

  get connected(): boolean {
    return this.#channel !== undefined
  }

  connect(): void {
    this.cut("a new link is made")
    const channel = new SimulatedChannel(this)
    this.#channel = channel
    const attempts = [...this.attempts.values()].map(({ order, phase, exit, suspended }) => ({
      attempt: order.attempt,
      job: order.job,
      sequence: order.sequence,
      phase,
      startedAt: null,
      exit,
      ...suspended,
    }))
    const { server } = this.#context
    const { highWater, facts } = this
    this.#context.events.onOpen(channel, {
      type: "hello",
      protocol: AGENT_PROTOCOL,
      agentVersion: "simulated",
      server: server as ServerId,
      facts,
      highWater,
      attempts,
      trees: [],
      leftovers: this.leftovers,
      ...(this.machine === undefined ? {} : { machine: this.machine }),
    })
    if (this.network !== undefined) this.tell(this.network)
    this.#context.events.onLink(this.id, "ready", null)
  }

  /** Its link breaks and it is seen to sleep. */
  sleep(): void {
    this.cut("it does not answer any more")
    this.#context.events.onLink(this.id, "asleep", "it does not answer any more: it is probably asleep")
  }

  cut(reason = "the link was cut"): void {
    const channel = this.#channel
    if (channel === undefined) return
    this.#channel = undefined
    this.#outbox = []
    this.#context.events.onClosed(channel, reason)
  }

  begin(attempt: SimulatedAttempt): void {
    attempt.phase = "running"
    attempt.begunAt = Date.now()
    const { job, sequence } = attempt.order
    this.begun.set(job, (this.begun.get(job) ?? 0) + 1)
    this.tell({ type: "started", attempt: attempt.order.attempt, sequence, pid: 4711, at: Date.now() })
  }

  print(attempt: SimulatedAttempt, stream: OutputStream, text: string | Buffer): void {
    const offset = attempt.text[stream].length
    const bytes = Buffer.from(text)
    attempt.text[stream] = Buffer.concat([attempt.text[stream], bytes])
    this.#output(attempt, stream, offset)
  }

  finish(attempt: SimulatedAttempt, end: Partial<ExitRecord> = {}): void {
    attempt.phase = "exited"
    attempt.exit = {
      cause: "exited",
      exitCode: end.signal == null && end.cause === undefined ? 0 : null,
      signal: null,
      startedAt: 1,
      endedAt: 2,
      peakMemoryBytes: 1000,
      message: null,
      ...end,
    }
    this.#tellEnd(attempt)
  }

  tell(message: AgentMessage): void {
    const channel = this.#channel
    if (channel === undefined) return
    if (this.#outbox.length === 0) {
      setImmediate(() => {
        const messages = this.#outbox.splice(0)
        if (this.#channel === channel && messages.length > 0) this.#context.events.onMessages(channel, messages)
      })
    }
    this.#outbox.push(message)
  }

  hear(channel: SimulatedChannel, message: ServerMessage): void {
    if (channel !== this.#channel) return
    this.said.push(message)
    switch (message.type) {
      case "start":
        this.#start(message.order)
        return
      case "adopt": {
        const attempt = this.attempts.get(message.attempt)
        if (attempt === undefined) return
        for (const stream of ["stdout", "stderr"] as const) this.#output(attempt, stream, message[stream])
        if (attempt.phase === "exited") this.#tellEnd(attempt, message.exitKnown)
        else if (attempt.isAtGate && !attempt.hasGone) toGate(this, attempt)
        return
      }
      case "supplied": {
        const attempt = this.attempts.get(message.attempt)
        if (attempt !== undefined) this.#prepare(attempt)
        return
      }
      case "unsupplied": {
        const attempt = this.attempts.get(message.attempt)
        if (attempt !== undefined) this.refuse(attempt, "workspace_failed", message.message)
        return
      }
      case "go": {
        const attempt = this.attempts.get(message.attempt)
        if (attempt?.phase !== "running" || attempt.hasGone) return
        attempt.hasGone = true
        this.rosters.set(message.attempt, message.roster)
        this.onGo(this, attempt)
        return
      }
      case "stop": {
        const attempt = this.obeys ? this.attempts.get(message.attempt) : undefined
        if (attempt?.phase === "preparing") this.refuse(attempt, message.cause, "It was stopped before it ran")
        if (attempt?.phase !== "running") return
        const { begunAt = 1 } = attempt
        const times = { startedAt: begunAt, endedAt: Math.max(begunAt, Date.now()) }
        this.finish(attempt, { cause: message.cause, signal: 15, ...times })
        return
      }
      case "suspend-for": {
        const attempt = this.attempts.get(message.attempt)
        if (attempt?.phase === "running" && this.obeys) suspendFor(this, attempt, message)
        return
      }
      case "forget":
        this.highWater = Math.max(this.highWater, message.sequence)
        this.attempts.delete(message.attempt)
        this.tell({ type: "forgotten", attempt: message.attempt, sequence: message.sequence })
        return
      default:
    }
  }

  #start(order: AttemptOrder): void {
    const { attempt: id, sequence } = order
    const known = this.attempts.get(id)
    if (known === undefined && sequence <= this.highWater) {
      this.tell({ type: "refused", attempt: id, sequence, cause: "gone", message: "it is gone" })
      return
    }
    if (known !== undefined && known.phase !== "preparing") return
    const attempt: SimulatedAttempt = {
      order,
      phase: "preparing",
      exit: null,
      swept: false,
      outputs: null,
      text: { stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) },
    }
    this.attempts.set(id, attempt)
    this.#prepare(attempt)
  }

  /** Asks for what it lacks of the workspace and the checkpoint, as often as that takes, then runs. */
  #prepare(attempt: SimulatedAttempt): void {
    const { attempt: id, sequence, workspace, checkpoint } = attempt.order
    const roots = [workspace, checkpoint?.from?.tree ?? null].filter((root) => root !== null)
    const hashes = [...new Set(roots.flatMap((root) => missingFrom(root, this.blobs)))]
    if (hashes.length > 0) this.tell({ type: "need", attempt: id, sequence, hashes })
    else this.script(this, attempt)
  }

  #output(attempt: SimulatedAttempt, stream: OutputStream, offset: number): void {
    const channel = this.#channel
    const bytes = attempt.text[stream].subarray(offset)
    if (channel === undefined || bytes.length === 0) return
    this.#context.events.onOutput(channel, { sequence: attempt.order.sequence, stream, offset, bytes })
  }

  #tellEnd(attempt: SimulatedAttempt, exitKnown = false): void {
    const { order, exit, text } = attempt
    if (exit === null) return
    const head = { attempt: order.attempt, sequence: order.sequence }
    const sizes = { stdoutBytes: text.stdout.length, stderrBytes: text.stderr.length }
    if (!exitKnown) this.tell({ type: "exited", ...head, exit, ...sizes })
    this.tell({ type: "swept", ...head })
    const outputs = attempt.outputs ?? { tree: null, files: 0, bytes: 0 }
    this.tell({ type: "outputs", ...head, ...outputs, problem: null })
  }

  /** Something of ended attempts is left there from now on. */
  leave(leftovers: Leftovers): void {
    this.leftovers = leftovers
    this.tell({ type: "leftovers", leftovers })
  }

  refuse(attempt: SimulatedAttempt, cause: Cause, message = "it could not be started"): void {
    const { attempt: id, sequence } = attempt.order
    this.attempts.delete(id)
    this.tell({ type: "refused", attempt: id, sequence, cause, message })
  }
}
