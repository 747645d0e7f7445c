import { connect, type Socket } from "node:net"
import { seconds } from "./head-meeting.ts"
import { Loss } from "./loss.ts"
import type { MemberContext } from "./member-context.ts"
import type { PulseMessage } from "./pulse-message.ts"
import { greet, type PulsePeer } from "./pulse-peer.ts"
import { ticks } from "./ticks.ts"
import type { WorkerTunnels } from "./worker-tunnels.ts"

/** Its host may be a moment behind; later less often. */
const FIRST_RETRY_MS = 20
const RETRY_MS = 200
const CONNECT_MS = 5_000

/** A member's side of the proof of life: it comes to the head, and stays. */
export class MemberMeeting {
  readonly #context: MemberContext
  readonly #heard: (message: PulseMessage) => void
  readonly #fail: (loss: Loss) => void
  readonly #tunnels: WorkerTunnels | null
  readonly #over = new AbortController()
  #peer: PulsePeer | null = null
  #isEnding = false
  #wasMet = false

  /**
   * @param heard what the head says, but for pulses
   * @param fail is called when the head is lost
   */
  constructor(
    context: MemberContext,
    heard: (message: PulseMessage) => void,
    fail: (loss: Loss) => void,
    tunnels: WorkerTunnels | null = null,
  ) {
    this.#context = context
    this.#tunnels = tunnels
    this.#heard = heard
    this.#fail = fail
  }

  /** Comes to the head, which may not be there yet. @throws {Loss} `member_missing` when it does not come in time */
  async join(limitMs: number, signal: AbortSignal): Promise<void> {
    const { clock } = this.#context
    const untilMs = clock.monotonicMs() + limitMs
    for (let retryMs = FIRST_RETRY_MS; ; retryMs = Math.min(RETRY_MS, retryMs * 1.5)) {
      const reason = await this.#reach(untilMs - clock.monotonicMs(), signal)
      if (reason === null) break
      signal.throwIfAborted()
      if (clock.monotonicMs() > untilMs) {
        throw new Loss("member_missing", 0, `${this.#head()} was not reached within ${seconds(limitMs)}: ${reason}`)
      }
      await clock.sleep(retryMs, { signal })
    }
    void this.#watch()
  }

  send(message: PulseMessage): void {
    this.#peer?.send(message)
  }

  /** Whether there is a head to wait for. */
  get isMet(): boolean {
    return this.#peer !== null
  }

  /** Whether there ever was one. */
  get wasMet(): boolean {
    return this.#wasMet
  }

  end(): void {
    this.#isEnding = true
    this.#over.abort()
    this.#peer?.close()
  }

  async #reach(limitMs: number, signal: AbortSignal): Promise<string | null> {
    const { places, rank } = this.#context
    if (this.#tunnels !== null) {
      const way = await this.#tunnels.nextPulse(Math.max(0, limitMs), signal)
      if (way === null) return "the server has made no tunnel"
      way.once("end", () => way.end())
      const reason = this.#greet(way, signal)
      way.resume()
      return reason
    }
    const [head] = places
    const own = places[rank]
    const socket = connect({
      host: head?.address ?? "",
      port: head?.port ?? 0,
      ...(own === undefined ? {} : { localAddress: own.address }),
    })
    return this.#greet(socket, signal)
  }

  /** `null` when the head has proven that it has the key; else why not. */
  #greet(socket: Socket, signal: AbortSignal): Promise<string | null> {
    const { promise, resolve } = Promise.withResolvers<string | null>()
    const { order } = this.#context
    // Only while it tries: what ends the hive is still to be said over the connection.
    const abort = () => socket.destroy()
    signal.addEventListener("abort", abort, { once: true })
    const timer = setTimeout(() => socket.destroy(new Error("it does not answer")), CONNECT_MS)
    let met: PulsePeer | null = null
    greet(socket, order, this.#context, (rank) => rank === 0, {
      met: (peer) => {
        met = peer
      },
      message: (peer, message) => {
        if (this.#peer === null) {
          this.#peer = peer
          clearTimeout(timer)
          signal.removeEventListener("abort", abort)
          this.#wasMet = true
          resolve(null)
        }
        if (message.type !== "pulse") this.#heard(message)
        else if (message.at !== undefined) peer.send({ type: "pulse", echo: message.at })
      },
      closed: (peer, reason) => {
        clearTimeout(timer)
        signal.removeEventListener("abort", abort)
        resolve(met === null ? reason : `${reason}, as if its key were another one`)
        if (peer === null || this.#peer !== peer) return
        this.#peer = null
        const why = this.#tunnels === null ? reason : `${reason}, or its tunnel through the server was`
        if (!this.#isEnding) this.#fail(new Loss("member_lost", 0, `${this.#head()} is gone: ${why}`))
      },
    })
    return promise
  }

  async #watch(): Promise<void> {
    const { clock, order } = this.#context
    const { pulseMs, silentMs } = order.limits
    await ticks(clock, pulseMs, silentMs / 2, this.#over.signal, (isLate) => {
      const peer = this.#peer
      if (peer === null) return
      const now = clock.monotonicMs()
      if (isLate) peer.heardMs = now
      peer.send({ type: "pulse" })
      const silence = now - peer.heardMs
      if (silence <= silentMs || this.#isEnding) return
      this.#fail(new Loss("member_lost", 0, `nothing was heard of ${this.#head()} for ${seconds(silence)}`))
    })
  }

  #head(): string {
    return `the head (${this.#context.places[0]?.host})`
  }
}
