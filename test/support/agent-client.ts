import { type ChildProcessByStdio, spawn } from "node:child_process"
import { once } from "node:events"
import { type ClientHttp2Session, type ClientHttp2Stream, connect } from "node:http2"
import type { Socket } from "node:net"
import type { Duplex, Readable, Writable } from "node:stream"
import { joinStreams } from "../../src/agent/stdio-duplex.ts"
import type { AgentMessage, AttemptOrder, ServerMessage } from "../../src/protocol/agent-wire.ts"
import { encodeMessages, FrameReader, type OutputStream } from "../../src/protocol/frames.ts"
import { makeId, type RunId, type ServerId } from "../../src/protocol/ids.ts"
import type { Leftovers } from "../../src/protocol/leftovers.ts"
import { instanceText, type ServerInstance } from "../../src/protocol/server-instance.ts"
import { makeOrder } from "./agent-orders.ts"

export type Hello = Extract<AgentMessage, { type: "hello" }>
type AgentProcess = ChildProcessByStdio<Writable, Readable, null>
type Of<T extends AgentMessage["type"]> = Extract<AgentMessage, { type: T }>

/** A small server's end of an agent's stdio, with the agent as a child process. For tests. */
export class AgentClient {
  readonly process: AgentProcess
  readonly messages: AgentMessage[] = []
  /** Everything received of each stream, by `SEQUENCE stdout`. A gap or a repeat is an error, but for gaps of output that was skipped. */
  readonly received = new Map<string, Buffer[]>()
  readonly gaps: { readonly key: string; readonly from: number; readonly to: number }[] = []
  readonly session: ClientHttp2Session
  readonly #offsets = new Map<string, number>()
  readonly #control: ClientHttp2Stream
  readonly #connection: Duplex
  #waiting: { readonly looks: () => boolean; readonly resolve: () => void }[] = []
  #problem: Error | undefined

  private constructor(child: AgentProcess, session: ClientHttp2Session, connection: Duplex) {
    this.process = child
    this.#connection = connection
    this.session = session
    this.#control = session.request({ ":method": "POST", ":path": "/control" }, { endStream: false })
    const reader = new FrameReader()
    this.#control.on("data", (chunk: Buffer) => {
      for (const frame of reader.read(chunk)) {
        if (frame.kind === "json") this.messages.push(frame.message as AgentMessage)
        else
          this.#takeOutput(`${frame.output.sequence} ${frame.output.stream}`, frame.output.offset, frame.output.bytes)
      }
      this.#look()
    })
    this.#control.on("error", () => {})
    this.#control.on("close", () => this.#look())
  }

  /** Starts an agent and waits for its `hello`. With `answer`, everything found is adopted from what was received before. */
  static async start(options: AgentOptions): Promise<AgentClient> {
    const { child, greeting, early } = await startAgent(options)
    if (greeting !== "WINDFALL-AGENT ok") throw new Error(`the agent said: ${greeting}`)
    child.stdout.unshift(early)
    const connection = joinStreams(child.stdout as Socket, child.stdin as Socket)
    connection.on("error", () => {})
    const session = connect("http://host", {
      createConnection: () => connection,
      settings: { initialWindowSize: 8 * 1024 * 1024, maxFrameSize: 256 * 1024 },
      maxSessionMemory: 256,
    })
    session.on("error", () => {})
    session.on("connect", () => session.setLocalWindowSize(32 * 1024 * 1024))
    const client = new AgentClient(child, session, connection)
    await client.next("hello")
    return client
  }

  get hello(): Hello {
    return this.messages.find((message): message is Hello => message.type === "hello")!
  }

  /** What ended attempts have left, as told last. */
  get leftovers(): Leftovers {
    return this.messages.findLast((message) => message.type === "leftovers")?.leftovers ?? this.hello.leftovers
  }

  send(...messages: ServerMessage[]): void {
    this.#control.write(encodeMessages(messages))
  }

  /** Writes bytes to the control stream as they are. */
  sendRaw(bytes: Uint8Array): void {
    this.#control.write(bytes)
  }

  /** Starts an attempt and returns its order. */
  startAttempt(
    sequence: number,
    command: readonly string[],
    more: Partial<AttemptOrder> & { secrets?: Record<string, string> } = {},
  ): AttemptOrder {
    const { secrets = {}, ...rest } = more
    const order = makeOrder(sequence, command, rest)
    this.send({ type: "start", order, secrets })
    return order
  }

  /** The first message of a type, about this attempt where given, that has come or comes. */
  async next<T extends AgentMessage["type"]>(type: T, sequence?: number): Promise<Of<T>> {
    const find = () =>
      this.messages.find(
        (message): message is Of<T> =>
          message.type === type && (sequence === undefined || ("sequence" in message && message.sequence === sequence)),
      )
    await this.until(() => find() !== undefined, `${type} ${sequence ?? ""}`)
    return find()!
  }

  /** Waits for the end of an attempt, with all its output and its outputs told. */
  async ended(sequence: number): Promise<{ exited: Of<"exited">; swept: Of<"swept">; outputs: Of<"outputs"> }> {
    const exited = await this.next("exited", sequence)
    const swept = await this.next("swept", sequence)
    const outputs = await this.next("outputs", sequence)
    await this.until(
      () =>
        this.offset(sequence, "stdout") >= exited.stdoutBytes && this.offset(sequence, "stderr") >= exited.stderrBytes,
      `all output of ${sequence}`,
    )
    return { exited, swept, outputs }
  }

  /** Waits until something about what was received holds. Fails when the link ends before, or after a minute. */
  async until(holds: () => boolean, what: string): Promise<void> {
    if (this.#problem !== undefined) throw this.#problem
    if (holds()) return
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#waiting.push({ looks: holds, resolve })
    const timer = setTimeout(resolve, 60_000)
    await promise
    clearTimeout(timer)
    if (this.#problem !== undefined) throw this.#problem
    if (!holds()) throw new Error(`waited for ${what}; received: ${JSON.stringify(this.messages.slice(-8))}`)
  }

  /** How far this stream was received. */
  offset(sequence: number, stream: OutputStream): number {
    return this.#offsets.get(`${sequence} ${stream}`) ?? 0
  }

  text(sequence: number, stream: OutputStream = "stdout"): string {
    return Buffer.concat(this.received.get(`${sequence} ${stream}`) ?? []).toString()
  }

  /** Adopts every attempt found, from the offsets given (default: the start), then says `ready`. */
  adoptAll(exitKnown = false, from: (sequence: number, stream: OutputStream) => number = () => 0): void {
    for (const { attempt, sequence, phase } of this.hello.attempts) {
      if (phase === "preparing") continue
      const [stdout, stderr] = [from(sequence, "stdout"), from(sequence, "stderr")]
      this.#offsets.set(`${sequence} stdout`, stdout)
      this.#offsets.set(`${sequence} stderr`, stderr)
      this.send({ type: "adopt", attempt, sequence, stdout, stderr, exitKnown })
    }
    this.send({ type: "ready", server: this.hello.server, now: Date.now() })
  }

  /** Sends a pack to the host's cache. */
  async putBlobs(pack: AsyncIterable<Uint8Array>): Promise<{ stored: number }> {
    const stream = this.session.request({ ":method": "PUT", ":path": "/blobs" }, { endStream: false })
    for await (const piece of pack) stream.write(piece)
    stream.end()
    return JSON.parse((await bodyOf(stream)).toString())
  }

  /** A request with a JSON body: status and body of the answer. */
  async post(path: string, body: unknown): Promise<{ status: number; body: Buffer }> {
    const stream = this.session.request({ ":method": "POST", ":path": path }, { endStream: false })
    stream.end(JSON.stringify(body))
    // Read from the start: a short answer may be whole and its stream closed before a later reader comes.
    const whole = bodyOf(stream)
    const [headers] = await once(stream, "response")
    return { status: headers[":status"], body: await whole }
  }

  /** Reads nothing from the control stream until `resume`. */
  pause(): void {
    this.#control.pause()
  }

  resume(): void {
    this.#control.resume()
  }

  /** Breaks the link, as a cut ssh does: the agent sees the end of its input. */
  cut(): void {
    this.#connection.destroy()
  }

  /** Ends the agent with SIGKILL. */
  async kill(): Promise<void> {
    this.process.kill("SIGKILL")
    await this.gone()
  }

  /** Resolves when the agent's process has ended. */
  async gone(): Promise<void> {
    if (this.process.exitCode === null && this.process.signalCode === null) await once(this.process, "exit")
    // Not the session: while a write is under way Node 26 throws out of its destroy().
    this.#connection.destroy()
  }

  /** Asks the agent to leave. */
  async leave(): Promise<void> {
    this.send({ type: "leave" })
    await this.gone()
  }

  #takeOutput(key: string, offset: number, bytes: Uint8Array): void {
    const expected = this.#offsets.get(key) ?? 0
    if (offset < expected) this.#problem = new Error(`output ${key} came twice: ${offset} after ${expected}`)
    if (offset > expected) this.gaps.push({ key, from: expected, to: offset })
    const pieces = this.received.get(key) ?? []
    pieces.push(Buffer.from(bytes))
    this.received.set(key, pieces)
    this.#offsets.set(key, offset + bytes.length)
  }

  #look(): void {
    const closed = this.#control.closed || this.#problem !== undefined
    this.#waiting = this.#waiting.filter(({ looks, resolve }) => {
      if (!closed && !looks()) return true
      resolve()
      return false
    })
  }
}

export interface AgentOptions {
  readonly root: string
  readonly server: ServerId
  readonly clockOffset?: string
  readonly takeOver?: boolean
  readonly instance?: ServerInstance
  readonly env?: Readonly<Record<string, string>>
  /** Gives it a session of its own. */
  readonly detached?: boolean
  /** What to run instead of the source: a bundled agent. */
  readonly file?: string
}

const INSTANCE: ServerInstance = {
  run: makeId<RunId>("r", new Uint8Array(16)),
  place: "0".repeat(32),
  where: "test:/data",
  proof: "0".repeat(64),
}

const AGENT_FILE = new URL("../../src/agent/main.ts", import.meta.url).pathname

/** Half of a start would else be the compiling of its modules. */
const COMPILE_CACHE = new URL("../../.cache/compile", import.meta.url).pathname

/** Starts an agent's process and reads the line it begins with. */
export async function startAgent(
  options: AgentOptions,
): Promise<{ child: AgentProcess; greeting: string; early: Buffer }> {
  const { root, server, clockOffset, takeOver, instance = INSTANCE, env, detached = false, file = AGENT_FILE } = options
  const offset = clockOffset === undefined ? [] : ["--clock-offset", clockOffset]
  const parameters = [
    file,
    "--root",
    root,
    "--server",
    server,
    "--instance",
    instanceText(instance),
    ...offset,
    ...(takeOver === true ? ["--take-over"] : []),
  ]
  const child = spawn(process.execPath, parameters, {
    stdio: ["pipe", "pipe", "inherit"],
    detached,
    env: { PATH: "/usr/bin:/bin", HOME: root, NODE_COMPILE_CACHE: COMPILE_CACHE, ...env },
  })
  child.stdin.on("error", () => {})
  child.stdout.on("error", () => {})
  let data = Buffer.alloc(0)
  while (true) {
    const end = data.indexOf(10)
    if (end >= 0) return { child, greeting: data.subarray(0, end).toString(), early: data.subarray(end + 1) }
    const chunk: Buffer | null = child.stdout.read()
    if (chunk !== null) data = Buffer.concat([data, chunk])
    else if (child.stdout.readableEnded) return { child, greeting: data.toString(), early: Buffer.alloc(0) }
    else await Promise.race([once(child.stdout, "readable"), once(child.stdout, "end")])
  }
}

async function bodyOf(stream: ClientHttp2Stream): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}
