import { backoffMs } from "../../base/backoff.ts"
import type { Clock } from "../../base/clock.ts"
import { deferred } from "../../base/deferred.ts"
import { toWindfallError, WindfallError } from "../../protocol/errors.ts"
import type { HostLink as LinkState } from "../../protocol/host.ts"
import type { HostId, ServerId } from "../../protocol/ids.ts"
import { AgentChannel } from "./agent-channel.ts"
import type { Dial } from "./dial.ts"
import type { DialGate } from "./dial-gate.ts"
import type { Hello, HostChannelEvents } from "./host-channel.ts"
import type { Standing } from "./standing.ts"

export interface LinkTiming {
  /** Between two signs of life asked for. */
  readonly pingMs: number
  /** So long without a sign of life, and the link counts as broken. More than `pingMs`. */
  readonly silenceMs: number
  /** From starting ssh to the agent's hello. */
  readonly openMs: number
  readonly firstRetryMs: number
  readonly lastRetryMs: number
  /** Where the host answered and is not acceptable: only a person can change that. */
  readonly refusedRetryMs: number
  /** Where the host has this server from elsewhere: until it shows whether that one still lives. */
  readonly doubledRetryMs: number
}

export const LINK_TIMING: LinkTiming = {
  pingMs: 10_000,
  silenceMs: 15_000,
  openMs: 300_000,
  firstRetryMs: 250,
  lastRetryMs: 30_000,
  refusedRetryMs: 60_000,
  doubledRetryMs: 3_000,
}

export interface HostLinkOptions {
  readonly hostId: HostId
  readonly server: ServerId
  readonly dial: Dial
  readonly gate: DialGate
  readonly standing: Standing
  /** What must have ended before the first dial: two agents of one server on one host would end each other. */
  readonly after: Promise<void>
  readonly clock: Clock
  readonly random: () => number
  readonly events: HostChannelEvents
  readonly timing: LinkTiming
  /** A Mac that falls silent is probably asleep; a Linux box is not. */
  readonly mayBeAsleep: () => boolean
}

const REFUSED = new Set([
  "host_key_changed",
  "host_refused",
  "host_claimed",
  "host_left",
  "server_doubled",
  "authentication_refused",
  "protocol_mismatch",
  "invalid_input",
])
/** Below these many bytes in a ping's time, what is written may be no more than our own pings. */
const OWN_TRAFFIC_BYTES = 4096

/** Keeps one host's link: dials, watches, and dials anew until it is stopped. */
export class KeptLink {
  readonly #options: HostLinkOptions
  readonly #stopping = new AbortController()
  readonly #ended: Promise<void>
  #channel: AgentChannel | undefined
  #state: LinkState | undefined
  #reason: string | null = null
  /** The host has this server from elsewhere, and it is to be seen whether that one lives. */
  #watching = false
  #hurrying = false
  #pause = new AbortController()

  constructor(options: HostLinkOptions) {
    this.#options = options
    this.#ended = this.#keep()
  }

  /** Ends the link kindly; resolves when no process of it is left here. */
  stop(): Promise<void> {
    return this.#end((channel) => channel.leave())
  }

  /** Ends the link as if it broke: what runs on the host keeps its agent. */
  async cut(reason: string): Promise<void> {
    return this.#end((channel) => channel.close(reason))
  }

  /** Dials at once where it waits to, and again after short pauses. */
  hurry(): void {
    this.#hurrying = true
    this.#pause.abort()
  }

  async #end(letGo: (channel: AgentChannel) => Promise<void> | void): Promise<void> {
    this.#stopping.abort(new WindfallError("link_lost", "Cannot reach the host: its link was ended"))
    if (this.#channel !== undefined) await letGo(this.#channel)
    await this.#ended
  }

  async #keep(): Promise<void> {
    const { clock, random, timing } = this.#options
    const { signal } = this.#stopping
    await this.#options.after
    if (!signal.aborted) this.#tell("connecting", "connecting for the first time")
    let tries = 0
    while (!signal.aborted) {
      const openedAt = clock.monotonicMs()
      const failure = await this.#once()
      if (signal.aborted) break
      // A link that worked for a while and broke is dialled again at once.
      if (failure === null && clock.monotonicMs() - openedAt > timing.pingMs / 2) tries = 0
      const delayMs = this.#watching
        ? timing.doubledRetryMs
        : failure !== null && REFUSED.has(failure.code)
          ? timing.refusedRetryMs
          : tries === 0
            ? 0
            : backoffMs(tries - 1, random, timing.firstRetryMs, timing.lastRetryMs)
      tries++
      this.#pause = new AbortController()
      const pause = AbortSignal.any([signal, this.#pause.signal])
      if (!this.#hurrying) await clock.sleep(delayMs, { signal: pause }).catch(() => {})
      if (this.#hurrying) tries = 0
      this.#hurrying = false
    }
  }

  /** One link from dial to end. Returns what kept it from being made; `null` when it was there. */
  async #once(): Promise<WindfallError | null> {
    let channel: AgentChannel
    let hello: Hello
    try {
      ;[channel, hello] = await this.#options.gate.pass(() => this.#open())
    } catch (thrown) {
      if (this.#stopping.signal.aborted) return null
      const failure = toWindfallError(thrown, "reach the host")
      this.#tell(
        this.#stateAfter(failure),
        failure.hint === undefined ? failure.message : `${failure.message}. ${failure.hint}`,
      )
      const { standing, hostId, events } = this.#options
      if (failure.code === "host_left") {
        standing.heardOf(hostId)
        events.onLeft(hostId)
        this.#stopping.abort(failure)
        return failure
      }
      this.#watching = failure.code === "server_doubled" && standing.doubled(hostId, failure)
      if (failure.code !== "server_doubled") standing.heardOf(hostId)
      return failure
    }
    const reason = (await this.#mayServe(channel))
      ? await this.#serve(channel, hello)
      : "it ended before it was clear who may use the host"
    await channel.closed
    this.#channel = undefined
    if (!this.#stopping.signal.aborted) {
      const silent = reason === SILENT && this.#options.mayBeAsleep()
      this.#tell(
        silent ? "asleep" : "down",
        silent ? "it no longer answers and is probably asleep" : `the link broke: ${reason}`,
      )
    }
    return null
  }

  /** Waits until it is known whether this server may serve hosts. If not, or when the channel ends before, it is closed. */
  async #mayServe(channel: AgentChannel): Promise<boolean> {
    const { standing, hostId } = this.#options
    const { signal } = this.#stopping
    standing.heardOf(hostId)
    this.#watching = false
    const stopped = deferred<void>()
    const onAbort = () => stopped.resolve()
    signal.addEventListener("abort", onAbort, { once: true })
    if (signal.aborted) onAbort()
    const may = await Promise.race([channel.closed, stopped.promise, standing.decided])
    signal.removeEventListener("abort", onAbort)
    if (may !== true) await channel.leave()
    return may === true
  }

  async #open(): Promise<[AgentChannel, Hello]> {
    const { dial, hostId, server, timing } = this.#options
    const signal = AbortSignal.any([this.#stopping.signal, AbortSignal.timeout(timing.openMs)])
    signal.throwIfAborted()
    const link = await dial.open({ signal })
    const channel = new AgentChannel(hostId, server, link, dial)
    try {
      return [channel, await channel.hello(signal)]
    } catch (error) {
      channel.close("no hello")
      await channel.closed
      throw error
    }
  }

  /** Serves an open channel to its end; returns why it ended. */
  async #serve(channel: AgentChannel, hello: Hello): Promise<string> {
    const { events } = this.#options
    const closed = deferred<string>()
    const watching = new AbortController()
    this.#channel = channel
    events.onOpen(channel, hello)
    channel.listen({
      onMessages: (messages) => events.onMessages(channel, messages),
      onOutput: (output) => events.onOutput(channel, output),
      onClosed: (reason) => {
        watching.abort()
        events.onClosed(channel, reason)
        closed.resolve(reason)
      },
    })
    this.#tell("ready", null)
    void this.#watch(channel, watching.signal)
    if (this.#stopping.signal.aborted) void channel.leave()
    return closed.promise
  }

  /** Closes a channel that falls silent. Bytes that come are a sign of life, and so is a transfer that moves on. */
  async #watch(channel: AgentChannel, signal: AbortSignal): Promise<void> {
    const { clock, timing } = this.#options
    const alive = (before: AgentChannel["traffic"]) => {
      const { received, sent } = channel.traffic
      return received !== before.received || sent - before.sent > OWN_TRAFFIC_BYTES
    }
    try {
      while (true) {
        const before = channel.traffic
        channel.ping()
        await clock.sleep(timing.pingMs, { signal })
        if (alive(before)) continue
        await clock.sleep(timing.silenceMs - timing.pingMs, { signal })
        if (!alive(before)) return channel.close(SILENT)
      }
    } catch {
      // The channel has closed by itself.
    }
  }

  #stateAfter({ code }: WindfallError): LinkState {
    if (REFUSED.has(code)) return "refused"
    return this.#state === "asleep" && code === "host_unreachable" ? "asleep" : "down"
  }

  #tell(state: LinkState, reason: string | null): void {
    if (state === this.#state && reason === this.#reason) return
    this.#state = state
    this.#reason = reason
    this.#options.events.onLink(this.#options.hostId, state, reason)
  }
}

const SILENT = "it does not answer any more"
