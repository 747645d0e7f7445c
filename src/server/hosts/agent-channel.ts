import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from "node:http2"
import type { Duplex } from "node:stream"
import { deferred } from "../../base/deferred.ts"
import { checkAgentMessage } from "../../protocol/agent-check.ts"
import { AGENT_PATHS } from "../../protocol/agent-paths.ts"
import { AGENT_PROTOCOL, type AgentMessage, type ServerMessage } from "../../protocol/agent-wire.ts"
import { WindfallError } from "../../protocol/errors.ts"
import { encodeMessages, FrameReader, type OutputFrame } from "../../protocol/frames.ts"
import type { AttemptId, BlobHash, HostId, ServerId } from "../../protocol/ids.ts"
import type { ChildLink } from "../../ssh/child-link.ts"
import { agentAnswer, writeAll } from "./agent-request.ts"
import type { Dial } from "./dial.ts"
import type { Hello, HostChannel, HostTunnel } from "./host-channel.ts"

const STREAM_WINDOW_BYTES = 8 * 1024 * 1024
const SESSION_WINDOW_BYTES = 32 * 1024 * 1024
/** How long an agent that was asked to leave, or that was told nothing, may take until its link is cut. */
const LEAVE_MS = 2_000
const LAST_WORDS_MS = 500

/** Who hears what an agent says; see {@link HostChannelEvents}. */
export interface ChannelListener {
  onMessages(messages: readonly AgentMessage[]): void
  onOutput(output: OutputFrame): void
  onClosed(reason: string): void
}

/** HTTP/2 with one agent over a link that has just begun. Owns the link: when one ends, the other does. */
export class AgentChannel implements HostChannel {
  readonly hostId: HostId
  /** Resolves once the link is closed and its child process is gone. */
  readonly closed: Promise<void>
  readonly #link: ChildLink
  readonly #dial: Pick<Dial, "putUv">
  readonly #server: ServerId
  readonly #session: ClientHttp2Session
  readonly #control: ClientHttp2Stream
  readonly #reader = new FrameReader()
  readonly #hello = deferred<Hello>()
  readonly #finished = deferred<void>()
  #listener: ChannelListener | undefined
  /** What came right behind the hello, in one piece with it, before anybody listened. */
  #early: ((listener: ChannelListener) => void)[] = []
  /** Why it was closed. */
  #over: string | undefined
  #saidHello = false

  /** `link` stands right behind the agent's greeting. */
  constructor(hostId: HostId, server: ServerId, link: ChildLink, dial: Pick<Dial, "putUv">) {
    this.hostId = hostId
    this.#dial = dial
    this.#server = server
    this.#link = link
    this.closed = this.#finished.promise
    this.#hello.promise.catch(() => {})
    this.#session = connect("http://agent", {
      createConnection: () => link.socket,
      settings: { initialWindowSize: STREAM_WINDOW_BYTES, maxFrameSize: 256 * 1024, enablePush: false },
      maxSessionMemory: 256,
    })
    this.#session.on("connect", () => {
      if (!this.#session.destroyed) this.#session.setLocalWindowSize(SESSION_WINDOW_BYTES)
    })
    this.#session.on("error", (error) => this.close(error.message))
    this.#session.on("close", () => this.close("the connection ended"))
    // What was said before the end is mostly still to be read: the socket tells its end by itself, this is for when it cannot.
    void link.exited.then(() => setTimeout(() => this.close("the connection ended"), LAST_WORDS_MS).unref())
    this.#control = this.#session.request({ ":method": "POST", ":path": AGENT_PATHS.control })
    this.#control.on("data", (chunk: Buffer) => this.#take(chunk))
    this.#control.on("error", (error) => this.close(error.message))
    this.#control.on("close", () => this.close("the agent ended"))
  }

  /** Resolves with the agent's first message. @throws {WindfallError} when it says something else, or nothing in time */
  async hello(signal: AbortSignal): Promise<Hello> {
    const onAbort = () => this.close("no hello from the agent")
    signal.addEventListener("abort", onAbort, { once: true })
    if (signal.aborted) onAbort()
    try {
      return await this.#hello.promise
    } finally {
      signal.removeEventListener("abort", onAbort)
    }
  }

  /** From now on `listener` is told; nothing that came in the meantime is lost, nor that it closed. Once, after `hello`. */
  listen(listener: ChannelListener): void {
    this.#listener = listener
    for (const news of this.#early.splice(0)) news(listener)
    if (this.#over === undefined) this.#control.resume()
    else listener.onClosed(this.#over)
  }

  /** How many bytes have come from the host and gone to it, to see whether it lives. */
  get traffic(): { readonly received: number; readonly sent: number } {
    const { bytesRead, bytesWritten } = this.#link.socket
    return { received: bytesRead, sent: bytesWritten }
  }

  /** Asks for a sign of life; it shows in {@link traffic}. */
  ping(): void {
    if (this.#over === undefined && !this.#session.destroyed) this.#session.ping(() => {})
  }

  send(messages: readonly ServerMessage[]): void {
    if (this.#over === undefined && this.#control.writable) this.#control.write(encodeMessages(messages))
  }

  putBlobs(pack: AsyncIterable<Uint8Array>, { signal }: { readonly signal: AbortSignal }): Promise<void> {
    return this.#put(AGENT_PATHS.blobs, pack, signal)
  }

  putData(pack: AsyncIterable<Uint8Array>, { signal }: { readonly signal: AbortSignal }): Promise<void> {
    return this.#put(AGENT_PATHS.data, pack, signal)
  }

  async ask(path: string, body: unknown, { signal }: { readonly signal: AbortSignal }): Promise<ClientHttp2Stream> {
    const stream = this.#request("POST", path, signal)
    stream.end(JSON.stringify(body))
    return agentAnswer(stream, "stream")
  }

  putUv({ signal }: { readonly signal: AbortSignal }): Promise<void> {
    return this.#dial.putUv(signal)
  }

  async *fetchOutputs(
    attempt: AttemptId,
    hashes: readonly BlobHash[],
    { signal }: { readonly signal: AbortSignal },
  ): AsyncGenerator<Uint8Array> {
    const stream = this.#request("POST", `${AGENT_PATHS.outputs}${attempt}`, signal)
    stream.end(JSON.stringify({ hashes }))
    yield* await agentAnswer(stream, "stream")
  }

  openTerminal(path: string, { signal }: { readonly signal: AbortSignal }): Duplex {
    return this.#request("POST", `${AGENT_PATHS.terminals}${path}`, signal)
  }

  openTunnel(path: string, options: { readonly signal: AbortSignal }): Promise<HostTunnel> {
    return this.#open(`${AGENT_PATHS.tunnels}${path}`, options)
  }

  openBench(options: { readonly signal: AbortSignal }): Promise<HostTunnel> {
    return this.#open(AGENT_PATHS.benchAnswer, options)
  }

  async #open(path: string, { signal }: { readonly signal: AbortSignal }): Promise<HostTunnel> {
    const stream = this.#request("POST", path, signal)
    let headers: HostTunnel["headers"] = {}
    stream.once("response", (answered) => {
      headers = answered
    })
    await agentAnswer(stream, "stream")
    return { stream: stream as HostTunnel["stream"], headers }
  }

  pauseOutput(): void {
    this.#control.pause()
  }

  resumeOutput(): void {
    this.#control.resume()
  }

  /** Asks the agent to leave; resolves when its process here is gone. */
  async leave(): Promise<void> {
    this.send([{ type: "leave" }])
    this.#control.end()
    const timer = setTimeout(() => this.close("the agent did not leave"), LEAVE_MS)
    await this.closed
    clearTimeout(timer)
  }

  close(reason: string): void {
    if (this.#over !== undefined) return
    this.#over = reason
    this.#hello.reject(new WindfallError("link_lost", `Cannot speak with the agent: ${reason}`))
    this.#session.destroy()
    this.#listener?.onClosed(reason)
    void this.#link[Symbol.asyncDispose]().then(() => this.#finished.resolve())
  }

  async #put(path: string, pack: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<void> {
    const stream = this.#request("PUT", path, signal)
    try {
      await Promise.all([writeAll(stream, pack), agentAnswer(stream)])
    } catch (error) {
      stream.close(constants.NGHTTP2_CANCEL) // the agent does not read the rest
      throw error
    }
  }

  #request(method: string, path: string, signal: AbortSignal): ClientHttp2Stream {
    if (this.#over !== undefined) throw new WindfallError("link_lost", "Cannot reach the host: its link is down")
    return this.#session.request({ ":method": method, ":path": path }, { signal, endStream: false })
  }

  /** Hands over what is whole, in order. A malformed word ends the link: nothing after it can be trusted. */
  #take(chunk: Buffer): void {
    try {
      let messages: AgentMessage[] = []
      for (const frame of this.#reader.read(chunk)) {
        if (frame.kind === "json") {
          const message = checkAgentMessage(frame.message)
          if (this.#saidHello && message.type !== "hello") messages.push(message)
          else this.#takeHello(message)
          continue
        }
        this.#tellMessages(messages)
        messages = []
        this.#tell((listener) => listener.onOutput(frame.output))
      }
      this.#tellMessages(messages)
    } catch (error) {
      this.close(`it said what no agent says: ${(error as Error).message}`)
    }
  }

  #tellMessages(messages: readonly AgentMessage[]): void {
    if (messages.length > 0) this.#tell((listener) => listener.onMessages(messages))
  }

  #tell(news: (listener: ChannelListener) => void): void {
    if (this.#listener === undefined) this.#early.push(news)
    else news(this.#listener)
  }

  #takeHello(message: AgentMessage): void {
    if (message.type !== "hello" || this.#saidHello) throw new SyntaxError(`${message.type} out of turn`)
    this.#saidHello = true
    // Nothing may be lost between this and listen(): the agent waits to be answered, and we stop reading.
    this.#control.pause()
    if (message.server !== this.#server) throw new SyntaxError("hello of an agent of another server")
    if (message.protocol !== AGENT_PROTOCOL) {
      this.#hello.reject(
        new WindfallError(
          "protocol_mismatch",
          `Cannot speak with the agent: it speaks protocol ${message.protocol}, this server ${AGENT_PROTOCOL}`,
        ),
      )
    }
    this.#hello.resolve(message)
  }
}
