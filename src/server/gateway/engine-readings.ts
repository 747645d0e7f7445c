import type { Clock } from "../../base/clock.ts"

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

  /** A request is sent to the engine now. @param weight how much more than others it may be the cause where an engine stands still */
  begin(digest: string, weight = 0): Reading {
    const reading: Reading = {
      digest,
      weight,
      begunMs: this.#clock.monotonicMs(),
      leftMs: null,
      hasToken: false,
      over: () => void this.#there.delete(reading),
      leave: () => this.#leave(reading),
    }
    this.#there.add(reading)
    return reading
  }

  /** The engine has ended. The first that is told counts. */
  settle(end: EngineEnd): EngineVerdict {
    if (this.#verdict !== null) return this.#verdict
    const suspects = end.how === "other" ? [] : [...this.#left, ...this.#there].filter(this.#wasThere(end))
    const digests = (list: readonly Reading[]) => new Set(list.map(({ digest }) => digest))
    const read = suspects.filter(({ hasToken }) => !hasToken)
    const most = end.how === "hung" ? Math.max(...read.map(({ weight }) => weight)) : 0
    const likely = read.filter(({ weight }) => weight >= most)
    const present = end.how === "hung" && likely.length > 0 ? likely : suspects
    this.#verdict = { end, reading: digests(likely), present: digests(present) }
    this.#told.resolve(this.#verdict)
    return this.#verdict
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
    this.#left = [...this.#left.filter(({ leftMs }) => (leftMs ?? now) >= now - LEFT_KEPT_MS), reading].slice(
      -MOST_LEFT,
    )
  }
}

/** One request at an engine. */
export interface Reading {
  readonly digest: string
  readonly weight: number
  readonly begunMs: number
  /** When it was given up; `null`: it was not. */
  leftMs: number | null
  /** A token of its answer has come. */
  hasToken: boolean
  /** It is answered, or never reached the engine. */
  over(): void
  /** Nobody waits for its answer any more: what the engine makes of that is not known. */
  leave(): void
}
