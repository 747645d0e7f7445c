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
  /** Those that were there, and when each was brought to it, the last time. Of one that stood still those that it was reading, if there were any. */
  readonly present: ReadonlyMap<string, number>
  /**
   * The only one that it was reading, no token of which had come, or the only one that it was when another left; where it read none and stood still,
   * the only one that was there; `null`: there were several.
   */
  readonly only: string | null
  /** The only one was being read when it stood still, beside no answer with which it may do so after the first tokens. */
  readonly isCertain: boolean
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
  #doubtedBy = 0
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

  /** A request is sent to the engine now. @param mayStall its answer is held to a shape, or may become a call that is, which may unfold without end also after its first tokens */
  begin(digest: string, mayStall = false): Reading {
    const reading: Reading = {
      digest,
      mayStall,
      begunMs: this.#clock.monotonicMs(),
      leftMs: null,
      tokenMs: null,
      token: () => {
        reading.tokenMs ??= this.#clock.monotonicMs()
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

  /** One is read alone, and has no token after some time: whoever can be brought elsewhere is. */
  get isDoubtful(): boolean {
    return this.#doubtedBy > 0
  }

  /**
   * Closes the engine to others, and waits for those that it is reading: each has a token then, is over, or has been there for so long; or the engine has ended.
   * @throws the signal's reason; it is open then
   */
  async close(longMs: number, signal: AbortSignal): Promise<Closure> {
    this.#closedBy++
    let state: "closed" | "doubted" | "open" = "closed"
    const closure: Closure = {
      doubt: () => {
        if (state !== "closed") return
        state = "doubted"
        this.#closedBy--
        this.#doubtedBy++
      },
      open: () => {
        if (state === "closed") this.#closedBy--
        if (state === "doubted") this.#doubtedBy--
        state = "open"
      },
    }
    try {
      for (let leftMs = this.#readForMs(longMs); leftMs > 0; leftMs = this.#readForMs(longMs)) {
        this.#progress ??= Promise.withResolvers<void>()
        const timer = setTimeout(() => this.#look(), leftMs)
        await orAborted(this.#progress.promise, signal).finally(() => clearTimeout(timer))
      }
    } catch (error) {
      closure.open()
      throw error
    }
    return closure
  }

  /** For how long yet somebody is read who has not been there for so long. */
  #readForMs(longMs: number): number {
    if (this.#verdict !== null) return 0
    const now = this.#clock.monotonicMs()
    const read = [...this.#there].filter(({ tokenMs }) => tokenMs === null)
    return Math.max(0, ...read.map(({ begunMs }) => Math.ceil(begunMs + longMs - now)))
  }

  /** The engine has ended. The first that is told counts. */
  settle(end: EngineEnd): EngineVerdict {
    if (this.#verdict !== null) return this.#verdict
    const suspects = end.how === "other" ? [] : [...this.#left, ...this.#there].filter(this.#wasThere(end))
    const endMs = this.#clock.monotonicMs() - (end.silentMs ?? 0)
    // What is only taken to be answered may be so after it had the engine stand still.
    const read = suspects.filter(({ tokenMs }) => tokenMs === null || tokenMs > endMs + SINCE_WITHIN_MS)
    // Who has a token is hardly the cause where others are read.
    const likely = read.length > 0 ? read : suspects
    const isHung = end.how === "hung"
    // Who came after one had left may have found it standing still.
    const leftMs = Math.min(...likely.map((one) => (isHung ? one.leftMs : null) ?? Number.POSITIVE_INFINITY))
    const first = new Set(likely.filter(({ begunMs }) => begunMs <= leftMs).map(({ digest }) => digest))
    const only = first.size === 1 && (isHung || read.length > 0) ? [...first][0]! : null
    this.#verdict = {
      end,
      // It would have stood still before.
      present: new Map((isHung ? likely : suspects).map(({ digest, begunMs }) => [digest, begunMs])),
      only,
      isCertain:
        isHung &&
        read.length > 0 &&
        read.every(({ digest }) => digest === only) &&
        suspects.every(({ digest, mayStall }) => !mayStall || digest === only),
    }
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

/** An engine that is closed to others. */
export interface Closure {
  /** Others come where there is nowhere else. */
  doubt(): void
  /** Others come as ever. */
  open(): void
}

/** One request at an engine. */
export interface Reading {
  readonly digest: string
  readonly mayStall: boolean
  readonly begunMs: number
  /** When it was given up; `null`: it was not. */
  leftMs: number | null
  /** When the first token of its answer came, or it was taken to have come; `null`: it has not. */
  tokenMs: number | null
  /** One has come now, or it has been read alone for so long that it is taken to be answered: what comes whole shows none. */
  token(): void
  /** It is answered, or never reached the engine. */
  over(): void
  /** Nobody waits for its answer any more: what the engine makes of that is not known. */
  leave(): void
}
