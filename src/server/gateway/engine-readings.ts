import type { Clock } from "../../base/clock.ts"
import { orAborted } from "../../base/or-aborted.ts"

/** How an engine that answered has ended, as far as requests may be the cause. */
export interface EngineEnd {
  /**
   * `memory`: for want of it. `hung`: it was at work, and no token came. `crashed`: by itself. `killed`: by a signal that comes from outside.
   * `other`: for nothing that a request may have done.
   */
  readonly how: "memory" | "hung" | "crashed" | "killed" | "other"
  /** In words. */
  readonly why: string
  /** Of one that hung, where that is known: for how long nothing had come when it was told. */
  readonly silentMs?: number | undefined
}

/** What may have been the cause of an engine's end: digests of requests. */
export interface EngineVerdict {
  readonly end: EngineEnd
  /** It was reading these: no token of theirs had come. */
  readonly reading: ReadonlySet<string>
  /** These, and those that it was answering. */
  readonly present: ReadonlySet<string>
}

/** Who gave up waiting is known to have been there for as long: an engine may die of a request, or stand still, whose client is gone. */
const LEFT_KEPT_MS = 600_000
const MOST_LEFT = 256
/** An engine that ends did so for nothing that was given up earlier. */
const LEFT_BEFORE_END_MS = 30_000
/** How far off it may be since when an engine stands still: it is looked at every few seconds, and told a moment later. */
const SINCE_WITHIN_MS = 15_000

/** Which requests are at one run of an engine, so that at its end it is known what it was reading. */
export class EngineReadings {
  readonly #clock: Clock
  readonly #there = new Set<Reading>()
  #left: Reading[] = []
  readonly #told = Promise.withResolvers<EngineVerdict>()
  #verdict: EngineVerdict | null = null
  /** So many have closed it. */
  #closedBy = 0
  #progress: PromiseWithResolvers<void> | null = null

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** `null`: it is not known yet. */
  get verdict(): EngineVerdict | null {
    return this.#verdict
  }

  /** Resolves once it is known how the engine has ended. */
  get untilEnd(): Promise<EngineVerdict> {
    return this.#told.promise
  }

  /** No other request is to be brought to it now: one is read alone, so that it shows whether that one is the cause. */
  get isClosed(): boolean {
    return this.#closedBy > 0
  }

  /** A request is sent to the engine now. */
  begin(digest: string): Reading {
    const reading: Reading = {
      digest,
      begunMs: this.#clock.monotonicMs(),
      leftMs: null,
      hasToken: false,
      token: () => {
        reading.hasToken = true
        this.#look()
      },
      over: () => {
        this.#there.delete(reading)
        this.#look()
      },
      leave: () => this.#leave(reading),
    }
    this.#there.add(reading)
    return reading
  }

  /**
   * Closes the engine to others, until it is opened, and waits for those that it is reading: each has a token then, is over, or the engine has ended.
   * @returns how to open it; may be called again @throws the signal's reason; it is open then
   */
  async close(signal: AbortSignal): Promise<() => void> {
    this.#closedBy++
    let isOpened = false
    const open = () => {
      if (!isOpened) this.#closedBy--
      isOpened = true
    }
    try {
      while (this.#verdict === null && [...this.#there].some(({ hasToken }) => !hasToken)) {
        this.#progress ??= Promise.withResolvers<void>()
        await orAborted(this.#progress.promise, signal)
      }
    } catch (error) {
      open()
      throw error
    }
    return open
  }

  /** The engine has ended. The first that is told counts. */
  settle(end: EngineEnd): EngineVerdict {
    if (this.#verdict !== null) return this.#verdict
    const suspects = end.how === "other" ? [] : [...this.#left, ...this.#there].filter(this.#wasThere(end))
    const digests = (list: readonly Reading[]) => new Set(list.map(({ digest }) => digest))
    const read = suspects.filter(({ hasToken }) => !hasToken)
    // Who has a token is hardly the cause where others are read: it would have stood still before.
    const present = end.how === "hung" && read.length > 0 ? read : suspects
    this.#verdict = { end, reading: digests(read), present: digests(present) }
    this.#told.resolve(this.#verdict)
    this.#look()
    return this.#verdict
  }

  /** Whoever waits for those that are read looks again. */
  #look(): void {
    this.#progress?.resolve()
    this.#progress = null
  }

  #wasThere({ how, silentMs }: EngineEnd): (reading: Reading) => boolean {
    const now = this.#clock.monotonicMs()
    if (how !== "hung" || silentMs === undefined)
      return ({ leftMs }) => leftMs === null || leftMs >= now - LEFT_BEFORE_END_MS
    const sinceMs = now - silentMs
    // Who came later found it standing still.
    return ({ begunMs, leftMs }) => begunMs <= sinceMs + SINCE_WITHIN_MS && (leftMs ?? now) >= sinceMs - SINCE_WITHIN_MS
  }

  #leave(reading: Reading): void {
    if (!this.#there.delete(reading)) return
    const now = this.#clock.monotonicMs()
    reading.leftMs = now
    this.#look()
    this.#left = [...this.#left.filter(({ leftMs }) => (leftMs ?? now) >= now - LEFT_KEPT_MS), reading].slice(
      -MOST_LEFT,
    )
  }
}

/** One request at an engine. */
export interface Reading {
  readonly digest: string
  readonly begunMs: number
  /** When it was given up; `null`: it was not. */
  leftMs: number | null
  /** A token of its answer has come. */
  hasToken: boolean
  /** One has come now. */
  token(): void
  /** It is answered, or never reached the engine. */
  over(): void
  /** Nobody waits for its answer any more: what the engine makes of that is not known. */
  leave(): void
}
