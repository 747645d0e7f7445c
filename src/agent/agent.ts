import { existsSync } from "node:fs"
import { createServer, type ServerHttp2Session, type ServerHttp2Stream } from "node:http2"
import type { Duplex } from "node:stream"
import { AGENT_PROTOCOL } from "../protocol/agent-wire.ts"
import { WindfallError } from "../protocol/errors.ts"
import type { HostFacts } from "../protocol/host.ts"
import type { AgentContext } from "./agent-context.ts"
import type { Attempt } from "./attempt.ts"
import { Attempts } from "./attempts.ts"
import { ControlStream } from "./control-stream.ts"
import { dataInUse } from "./data/place-data.ts"
import { GateWatch } from "./gate.ts"
import { Limits } from "./limits.ts"
import { NetworkWatch } from "./network-watch.ts"
import { endOverdue } from "./overdue-stop.ts"
import { withAddresses } from "./own-addresses.ts"
import { stopForGood } from "./owner/leaving.ts"
import type { HostOwner } from "./owner/open-owner.ts"
import { fail, type Routes, route } from "./router.ts"
import { Sampler } from "./sampler.ts"
import { readServerMessage } from "./server-message.ts"
import { SignOfLife } from "./sign-of-life.ts"
import { SleepWatch } from "./sleep-watch.ts"
import { AGENT_VERSION } from "./version.ts"
import { VitalsTeller } from "./vitals-teller.ts"

const STREAM_WINDOW_BYTES = 8 * 1024 * 1024
const SESSION_WINDOW_BYTES = 32 * 1024 * 1024
const PING_MS = 5_000

type AgentWays = Pick<Routes, "terminals" | "tunnels"> & { readonly owner: HostOwner }

/** What the agent says of its host in `hello`. */
export interface AgentHost {
  readonly facts: HostFacts
  /** As protocol/machine.ts; `null`: not known. */
  readonly machine: string | null
}

/** Puts the parts together: one link, one control stream, and what goes on when there is none. */
export class Agent {
  readonly #context: AgentContext
  readonly #told: AgentHost
  readonly #network: NetworkWatch
  readonly #attempts: Attempts
  readonly #limits: Limits
  readonly #sampler: Sampler
  readonly #vitals: VitalsTeller
  readonly #sleepWatch: SleepWatch
  readonly #signOfLife: SignOfLife
  readonly #gates: GateWatch
  readonly #leave: () => void
  readonly #ways: AgentWays
  #session: ServerHttp2Session | undefined
  #control: ControlStream | undefined
  #connection: Duplex | undefined
  #linked = true
  #settling = false
  #lastPingMs = 0

  /** @param on.leave ends the process: everything that must last is on the disk at any moment */
  constructor(context: AgentContext, told: AgentHost, on: AgentWays & { readonly leave: () => void }) {
    this.#context = context
    this.#told = told
    const { platform, link } = context
    this.#network = new NetworkWatch({
      look: withAddresses(platform.lookAtNetwork),
      mark: () => platform.networkMark(),
      send: (message) => link.send(message),
    })
    this.#leave = () => {
      on.owner.end()
      on.leave()
    }
    this.#ways = on
    this.#attempts = new Attempts(context)
    this.#limits = new Limits(context, () => this.#look())
    this.#sampler = new Sampler(context)
    this.#vitals = new VitalsTeller(
      () => context.platform.vitals(),
      (vitals) => context.link.send({ type: "vitals", vitals }),
    )
    this.#sleepWatch = new SleepWatch(context)
    this.#signOfLife = new SignOfLife(context)
    this.#gates = new GateWatch(context)
    context.link.onDrain = () => context.output.pump()
    on.owner.begin()
    this.changed()
  }

  /** Speaks HTTP/2 with the server over this connection until it ends. */
  serve(connection: Duplex): void {
    this.#connection = connection
    const server = createServer({
      settings: { initialWindowSize: STREAM_WINDOW_BYTES, maxFrameSize: 256 * 1024, maxConcurrentStreams: 1_000 },
      maxSessionMemory: 256,
    })
    const { terminals, tunnels } = this.#ways
    const routes: Routes = { control: (stream) => this.#takeControl(stream), terminals, tunnels }
    server.on("session", (session) => {
      this.#session = session
      session.setLocalWindowSize(SESSION_WINDOW_BYTES)
      session.on("error", () => {})
      session.on("close", () => this.#linkLost())
    })
    server.on("stream", (stream, headers) => route(this.#context, routes, stream as ServerHttp2Stream, headers))
    connection.on("data", () => {
      this.#limits.contact()
      this.#context.holder.contact()
    })
    connection.on("close", () => this.#linkLost())
    connection.on("end", () => this.#linkLost())
    connection.on("error", () => this.#linkLost())
    server.emit("connection", connection)
  }

  /** Tells the server at once how much memory there is. */
  sampleNow(): Promise<void> {
    // What pressure and swap are then is of the same moment.
    this.#vitals.again()
    return this.#sampler.now()
  }

  /** The machine has woken, or the process was stopped and goes on. */
  woke(): void {
    this.#limits.lookNow()
    void this.#network.look()
    this.#ways.owner.woke()
  }

  /** Phases have changed: see, once for all changes of this moment, to timers and to whether anything keeps this agent. */
  changed(): void {
    if (this.#settling) return
    this.#settling = true
    setImmediate(() => this.#settle())
  }

  /** The owner's `leave` says that it has begun. It asks what runs here to end, and at last this process, too. */
  ownerLeaves(): void {
    if (!existsSync(this.#context.folder.leaving)) return
    this.#context.link.send({ type: "left" })
    this.#ways.owner.leaves()
    stopForGood(this.#context)
    this.changed()
  }

  supervisorDied(attempt: Attempt): void {
    this.#attempts.supervisorDied(attempt)
  }

  #settle(): void {
    this.#settling = false
    const { live } = this.#attempts
    this.#limits.changed()
    this.#gates.changed()
    this.#sampler.busy = live
    this.#vitals.busy = live
    this.#ways.owner.changed()
    const { cache, disk, diskWatch } = this.#context
    if (live) diskWatch.work()
    else if (!this.#linked) this.#leave()
    else {
      const hasRoom = (bytes: number) => disk.hasRoom(bytes)
      cache.whenIdle(hasRoom, (error) => this.#notice("keep a workspace ready", error))
      diskWatch.rest()
    }
  }

  #takeControl(stream: ServerHttp2Stream): void {
    if (this.#control !== undefined) {
      fail(stream, new WindfallError("wrong_state", "Cannot open a second control stream"))
      return
    }
    stream.respond({ ":status": 200, "content-type": "application/octet-stream" })
    const { link } = this.#context
    const control = new ControlStream(stream, {
      message: (value) => this.#take(value),
      drain: () => link.drained(),
      end: () => this.#linkLost(),
    })
    this.#control = control
    link.attach(control)
    link.send({
      type: "hello",
      protocol: AGENT_PROTOCOL,
      agentVersion: AGENT_VERSION,
      server: this.#context.server,
      facts: this.#told.facts,
      highWater: this.#context.highWater.value,
      attempts: this.#attempts.found(),
      trees: this.#context.cache.trees(),
      leftovers: this.#context.leftovers.told,
      data: this.#context.data.roots(),
      ...(this.#context.diskLimit.bytes === null ? {} : { diskLimitBytes: this.#context.diskLimit.bytes }),
      ...(this.#told.machine === null ? {} : { machine: this.#told.machine }),
    })
    this.#tellDisk()
    this.#network.connected()
    this.#vitals.begin()
  }

  #tellDisk(): void {
    try {
      this.#context.link.send({ type: "disk", disk: this.#context.disk.tell() })
    } catch (error) {
      this.#notice("look at the disk", error)
    }
  }

  #take(value: unknown): void {
    let message: ReturnType<typeof readServerMessage>
    try {
      message = readServerMessage(value)
    } catch (error) {
      // One bad message is no reason to drop the link: what it asked for is not done, and that is said.
      this.#notice("carry out a message", error)
      return
    }
    if (message === null) return
    if (message.type !== "leave" && !this.#isHeld()) return
    if (message.type === "received") this.#context.output.received(message.sequence, message)
    else if (message.type === "leave") this.#leaveKindly()
    else if (message.type === "let-go-data") {
      this.#context.data.letGo(message.roots, dataInUse(this.#context))
      this.#context.disk.news()
    } else if (message.type === "disk-limit") this.#takeDiskLimit(message.bytes)
    else if (message.type === "owner") this.#ways.owner.take(message)
    else if (message.type === "owner-page") this.#ways.owner.lastDays(message.text)
    else if (message.type === "go") this.#gates.letGo(message)
    else if (message.type === "ready") this.#ways.owner.ready()
    else this.#attempts.take(message)
  }

  #takeDiskLimit(bytes: number | null): void {
    try {
      this.#context.diskLimit.set(bytes)
    } catch (error) {
      this.#notice("keep what Windfall may hold here", error)
    }
    this.#tellDisk()
    this.#context.diskWatch.rest()
  }

  /** At its first word the host becomes this run's of the server; unless another was quicker since the agent's start. */
  #isHeld(): boolean {
    try {
      this.#context.holder.take()
      return true
    } catch (error) {
      this.#notice("serve this server", error)
      this.#leave()
      return false
    }
  }

  #leaveKindly(): void {
    this.#context.holder.letGo()
    this.#control?.end()
    this.#session?.close(() => this.#leave())
    setTimeout(() => this.#leave(), 1_000).unref()
  }

  #look(): void {
    this.#signOfLife.look()
    this.#sleepWatch.look()
    this.#attempts.lookForLost()
    endOverdue(this.#context)
    this.#context.output.lookAtAll()
    if (this.#session === undefined || this.#session.closed || !this.#limits.minding) return
    const now = performance.now()
    if (now - this.#lastPingMs < PING_MS) return
    this.#lastPingMs = now
    // The answer is what counts: it arrives as bytes from the server, which is contact.
    this.#session.ping(() => {})
  }

  #linkLost(): void {
    if (!this.#linked) return
    this.#linked = false
    this.#context.link.detach()
    this.#vitals.stop()
    // Not the session: while a write is under way Node 26 throws out of its destroy().
    this.#connection?.destroy()
    for (const attempt of this.#context.attempts.values()) {
      if (attempt.phase === "preparing") attempt.abort?.abort(new Error("the link was lost"))
    }
    if (!this.#attempts.live) this.#leave()
  }

  #notice(doing: string, error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error)
    this.#context.link.send({ type: "notice", message: `Cannot ${doing}: ${reason}` })
  }
}
