import { createServer, type Server, type Socket } from "node:net"
import type { HeadTunnels } from "./head-tunnels.ts"
import { Loss } from "./loss.ts"
import type { MemberContext } from "./member-context.ts"
import type { PulseMessage } from "./pulse-message.ts"
import { greet, type PulsePeer } from "./pulse-peer.ts"
import { ticks } from "./ticks.ts"

/** Connections of which nobody knows yet who they are, at a time. */
const MOST_STRANGERS = 32
const STRANGER_MS = 10_000
const AGAIN_MS = 200

interface Member {
  peer: PulsePeer | null
  version: string | null
  listening: { readonly port: number; readonly protocol: string | null } | null
  isStopped: boolean
  /** Nothing was heard of it for too long. */
  isSilent: boolean
}

/**
 * The head's side of the members' proof of life: it listens on its own address while the hive lives; the others come. Where they have nothing in
 * common but the server, it goes to each of them through a tunnel.
 */
export class HeadMeeting {
  readonly #context: MemberContext
  readonly #fail: (loss: Loss) => void
  readonly #tookMs: (rank: number, roundTripMs: number) => void
  readonly #tunnels: HeadTunnels | null
  readonly #server: Server
  readonly #members = new Map<number, Member>()
  readonly #strangers = new Set<Socket>()
  readonly #over = new AbortController()
  #changed = Promise.withResolvers<void>()
  #isEnding = false

  /**
   * @param fail is called with the first thing that a member says or does that ends the hive, and may be called again
   * @param tookMs is called with how long each answer of a member was on its way
   */
  constructor(
    context: MemberContext,
    fail: (loss: Loss) => void,
    tookMs: (rank: number, roundTripMs: number) => void,
    tunnels: HeadTunnels | null = null,
  ) {
    this.#tookMs = tookMs
    this.#context = context
    this.#fail = fail
    this.#tunnels = tunnels
    this.#server = createServer((socket) => this.#take(socket))
    for (const rank of context.places.keys()) {
      if (rank > 0)
        this.#members.set(rank, { peer: null, version: null, listening: null, isStopped: false, isSilent: false })
    }
  }

  /** @throws {Loss} `port_taken` */
  async listen(): Promise<void> {
    if (this.#tunnels !== null) {
      await this.#tunnels.listen()
      for (const rank of this.#members.keys()) void this.#dial(this.#tunnels, rank)
      void this.#watch()
      return
    }
    const [own] = this.#context.places
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.#server.once("error", (error: NodeJS.ErrnoException) =>
      reject(
        new Loss("port_taken", 0, `cannot listen on ${own?.address}:${own?.port}: ${error.code ?? error.message}`),
      ),
    )
    this.#server.listen(own?.port, own?.address, resolve)
    await promise
    this.#server.on("error", () => {})
    void this.#watch()
  }

  /** What each said it has, by rank, as soon as all are there. @throws {Loss} `member_missing` */
  async gathered(limitMs: number, signal: AbortSignal): Promise<ReadonlyMap<number, string>> {
    await this.#until(
      ({ version }) => version !== null,
      limitMs,
      signal,
      (missing) => {
        const [first = 0] = missing
        return new Loss("member_missing", first, `${this.#named(missing)} did not come within ${seconds(limitMs)}`)
      },
    )
    return new Map([...this.#members].map(([rank, { version }]) => [rank, version ?? ""]))
  }

  /** Ports and protocols of the engines, by rank, as soon as all are up. @throws {Loss} `start_too_long` */
  async listening(
    limitMs: number,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<number, NonNullable<Member["listening"]>>> {
    for (const { peer } of this.#members.values()) peer?.send({ type: "begin" })
    await this.#until(
      ({ listening }) => listening !== null,
      limitMs,
      signal,
      (missing) => {
        const [first = 0] = missing
        return new Loss(
          "start_too_long",
          first,
          `the engine of ${this.#named(missing)} was not up within ${seconds(limitMs)}`,
        )
      },
    )
    return new Map(
      [...this.#members].flatMap(([rank, { listening }]) => (listening === null ? [] : [[rank, listening]])),
    )
  }

  /** The head is gone: has all members end, and waits until the engines of those that are heard of are gone, or for so long. */
  async end(limitMs: number, loss: Loss | null): Promise<void> {
    this.#isEnding = true
    for (const { peer } of this.#members.values()) {
      if (loss !== null) {
        const { code, message, member, hint } = loss
        peer?.send({ type: "lost", code, reason: message, member, ...(hint === undefined ? {} : { hint }) })
      }
      peer?.send({ type: "stop" })
    }
    const isGone = ({ isStopped, isSilent, peer }: Member) => isStopped || isSilent || peer === null
    await this.#until(isGone, limitMs, new AbortController().signal, () => new Loss("internal", 0, "")).catch(() => {})
    this.#over.abort()
    this.#server.close()
    for (const { peer } of this.#members.values()) peer?.close()
    for (const socket of this.#strangers) socket.destroy()
  }

  /** Again until the member is known: its door may not be there yet. */
  async #dial(tunnels: HeadTunnels, rank: number): Promise<void> {
    const { signal } = this.#over
    const { clock } = this.#context
    while (!signal.aborted && this.#members.get(rank)?.version === null) {
      try {
        await tunnels.reached(signal)
        const socket = await tunnels.open(rank, "pulse")
        // Of a tunnel each half ends by itself.
        socket.once("end", () => socket.end())
        const closed = new Promise((resolve) => socket.once("close", resolve))
        this.#take(socket)
        socket.resume()
        await closed
      } catch {
        // Tried again as long as members are waited for.
      }
      await clock.sleep(AGAIN_MS, { signal }).catch(() => {})
    }
  }

  #take(socket: Socket): void {
    if (this.#strangers.size >= MOST_STRANGERS) {
      socket.destroy()
      return
    }
    this.#strangers.add(socket)
    const timer = setTimeout(() => socket.destroy(), STRANGER_MS)
    const known = () => {
      clearTimeout(timer)
      this.#strangers.delete(socket)
    }
    greet(socket, this.#context.order, this.#context, (rank) => this.#members.has(rank), {
      // It says the first word: the key is then proven by ours.
      met: (peer) => peer.send({ type: "pulse" }),
      message: (peer, message) => {
        known()
        this.#hear(socket, peer, message)
      },
      closed: (peer, reason) => {
        known()
        const member = peer === null ? undefined : this.#members.get(peer.rank)
        if (peer === null || member?.peer !== peer) return
        member.peer = null
        this.#tellChanged()
        if (!this.#isEnding && !member.isStopped) {
          const why = this.#tunnels === null ? reason : `${reason}, or its tunnel through the server was`
          this.#fail(new Loss("member_lost", peer.rank, `${this.#named([peer.rank])} is gone: ${why}`))
        }
      },
    })
  }

  #hear(socket: Socket, peer: PulsePeer, message: PulseMessage): void {
    const member = this.#members.get(peer.rank)
    if (member === undefined) return
    if (member.peer !== peer) {
      // One that comes a second time is another process with the same rank: the first one holds.
      if (member.peer !== null || member.version !== null) {
        socket.destroy()
        return
      }
      member.peer = peer
    }
    if (message.type === "pulse" && message.echo !== undefined)
      this.#tookMs(peer.rank, this.#context.clock.monotonicMs() - message.echo)
    if (message.type === "here") member.version = message.version
    else if (message.type === "listening") member.listening = { port: message.port, protocol: message.protocol }
    else if (message.type === "stopped") member.isStopped = true
    else if (message.type === "leaving") {
      this.#fail(new Loss("member_left", peer.rank, `${this.#named([peer.rank])} was asked to end`))
    } else if (message.type === "lost") {
      const { code, member: whose, reason, hint, signal } = message
      this.#fail(new Loss(code, whose, reason, hint, signal === undefined ? {} : { signal }))
    }
    if (message.type !== "pulse") this.#tellChanged()
  }

  async #watch(): Promise<void> {
    const { clock, order } = this.#context
    const { pulseMs, silentMs } = order.limits
    await ticks(clock, pulseMs, silentMs / 2, this.#over.signal, (isLate) => {
      const now = clock.monotonicMs()
      for (const member of this.#members.values()) {
        const { peer, isStopped } = member
        if (peer === null) continue
        // This process did not run: what they said meanwhile is still to be read.
        if (isLate) peer.heardMs = now
        peer.send({ type: "pulse", at: now })
        const silence = now - peer.heardMs
        member.isSilent = silence > silentMs
        if (member.isSilent) this.#tellChanged()
        if (silence > silentMs && !isStopped && !this.#isEnding) {
          const reason = `nothing was heard of ${this.#named([peer.rank])} for ${seconds(silence)}`
          this.#fail(new Loss("member_lost", peer.rank, reason))
        }
      }
    })
  }

  /** @throws what `miss` makes of those that are not so in time, or the signal's reason */
  async #until(
    isSo: (member: Member) => boolean,
    limitMs: number,
    signal: AbortSignal,
    miss: (ranks: readonly number[]) => Loss,
  ): Promise<void> {
    const limit = AbortSignal.timeout(limitMs)
    const both = AbortSignal.any([signal, limit])
    for (;;) {
      const missing = [...this.#members].filter(([, member]) => !isSo(member)).map(([rank]) => rank)
      if (missing.length === 0) return
      signal.throwIfAborted()
      if (limit.aborted) throw miss(missing)
      const stop = Promise.withResolvers<void>()
      both.addEventListener("abort", () => stop.resolve(), { once: true })
      await Promise.race([this.#changed.promise, stop.promise])
    }
  }

  #tellChanged(): void {
    this.#changed.resolve()
    this.#changed = Promise.withResolvers()
  }

  #named(ranks: readonly number[]): string {
    return ranks.map((rank) => `member ${rank} (${this.#context.places[rank]?.host})`).join(", ")
  }
}

export function seconds(ms: number): string {
  return `${ms < 10_000 ? Math.round(ms / 100) / 10 : Math.round(ms / 1000)} s`
}
