import type { AgentMessage } from "../protocol/agent-wire.ts"
import type { LookAtNetwork, NetworkLook } from "./platform/network-look.ts"

/** Between two looks where no mark has changed: a speed may have. */
const LOOK_MS = 5 * 60_000
/** Between two marks, which cost far less than a look. */
const MARK_MS = 15_000
/** What takes seconds is asked for this rarely, and where a look found something new. */
const SLOW_MS = 6 * 60 * 60_000

export interface NetworkWatchOptions {
  readonly look: LookAtNetwork
  /** Differs when the host has come to the network in another way: cheap to ask for. */
  readonly mark: () => Promise<string>
  readonly send: (message: AgentMessage) => void
  /** Milliseconds on a clock that only goes forward. */
  readonly nowMs?: () => number
}

/** Tells the server how the host is on the network: to each that connects, and when it has changed. */
export class NetworkWatch {
  readonly #options: NetworkWatchOptions
  readonly #timers: readonly NodeJS.Timeout[]
  #mark: string | undefined
  #told: NetworkLook | undefined
  #looking: Promise<void> | undefined
  #slowMs = Number.NEGATIVE_INFINITY

  constructor(options: NetworkWatchOptions) {
    this.#options = options
    this.#timers = [
      setInterval(() => void this.look(), LOOK_MS).unref(),
      setInterval(() => void this.compare(), MARK_MS).unref(),
    ]
  }

  /** A server has connected: it is told what is known, and what a look finds besides. */
  connected(): void {
    if (this.#told !== undefined) this.#options.send({ type: "network", ...this.#told })
    void this.look()
  }

  /** Looks, unless that is under way. Never rejects: what fails is tried again at the next look. */
  look(): Promise<void> {
    this.#looking ??= this.#look()
      .catch(() => {})
      .finally(() => {
        this.#looking = undefined
      })
    return this.#looking
  }

  /** Looks where the mark is another than last time. Never rejects. */
  async compare(): Promise<void> {
    const mark = await this.#options.mark().catch(() => this.#mark)
    const isOther = this.#mark !== undefined && mark !== this.#mark
    this.#mark = mark
    if (isOther) await this.look()
  }

  stop(): void {
    for (const timer of this.#timers) clearInterval(timer)
  }

  async #look(): Promise<void> {
    const { look, mark, nowMs = () => performance.now() } = this.#options
    // Of before the look: what changes meanwhile, or soon after the first one, is a change.
    this.#mark = await mark().catch(() => this.#mark)
    const isNew = this.#take(await look({ slow: false }))
    if (!isNew && nowMs() - this.#slowMs < SLOW_MS) return
    this.#slowMs = nowMs()
    this.#take(await look({ slow: true }))
  }

  /** Tells it where it is new; returns whether it was. */
  #take(found: NetworkLook): boolean {
    if (JSON.stringify(found) === JSON.stringify(this.#told)) return false
    this.#told = found
    this.#options.send({ type: "network", ...found })
    return true
  }
}
