import type { Clock } from "../../base/clock.ts"
import { GatewayProblem } from "../../gateway/gateway-problem.ts"
import { Apart } from "./apart.ts"
import type { EngineEnd, EngineReadings, EngineVerdict } from "./engine-readings.ts"
import { OneAtATime } from "./one-at-a-time.ts"
import { isOver, type ServedModel } from "./served-models.ts"

/** What is known of a request that was at an engine when that ended. */
interface Blame {
  /** How many engines have ended while they had it. */
  readonly ends: number
  readonly last: EngineEnd
  readonly atMs: number
  /** Until then it is not taken; `null`: it may be tried. */
  readonly refusedUntilMs: number | null
}

/** So many engines have ended with it, the last one with it alone: it is not tried again. */
const MOST_ENDS = 2
/** The same, whoever else was there each time: of these some are there by chance. */
const MOST_THERE = 3
const REMEMBERED_MS = 600_000
/** Where others are blamed for the same end. */
const SHARED_MS = 60_000
const MOST_REMEMBERED = 1_000
/** An engine that stands still is ended within this. */
const HANGS_WITHIN_MS = 150_000
/** Of what is read alone an engine ends, or stands still, within this: then it is taken to be answered. */
const CRASHES_READ_MS = 5_000
const HANGS_READ_MS = 30_000
/** Between one that had another engine stand still and the next that may: then others have all engines. */
const REST_MS = 30_000
/** Those that were at an engine hear of its end within this of each other. */
const GATHER_MS = 200

/** A request that may have to be tried alone. */
export interface TriedAgain {
  /** Of those that wait the lightest goes first: it is the least likely to be the cause. */
  readonly weight: number
  /** Its first token will be seen. */
  readonly stream: boolean
  readonly signal: AbortSignal
  readonly model: () => ServedModel | undefined
}

/**
 * Requests, by digest, that engines ended with, for all keys: one that ended two of them, or had one stand still, is not brought to a third. Clients
 * that try again by themselves would else take the replicas of a model one after the other. Only this run of the server knows it.
 */
export class BlamedRequests {
  readonly #clock: Clock
  /** The latest last. */
  readonly #blames = new Map<string, Blame>()
  readonly #followed = new WeakSet<EngineReadings>()
  readonly #lines = new Map<string, OneAtATime>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Hears of the end of an engine of the model that is asked now; before anybody else who asks for that later. */
  follow(model: string, readings: EngineReadings): void {
    if (this.#followed.has(readings)) return
    this.#followed.add(readings)
    void readings.untilEnd.then((verdict) => this.#note(model, verdict))
  }

  /** @throws {GatewayProblem} harmful, where the request is not taken for now */
  refuse(model: string, digest: string): void {
    const found = this.#find(model, digest)
    const leftMs = (found?.refusedUntilMs ?? 0) - this.#clock.monotonicMs()
    if (found === undefined || leftMs <= 0) return
    const what = found.last.how === "hung" ? "stood still" : `ended ${found.ends} times`
    throw new GatewayProblem(
      "harmful",
      `This request is not brought to ${model} for another ${Math.ceil(leftMs / 60_000)} min: its engine ${what} while it read it, the last time as ${found.last.why}`,
      { retryAfterS: Math.ceil(leftMs / 1_000) },
    )
  }

  /** What a client is told whose request is not tried again; `undefined`: it may be. */
  problemAfter(model: string, digest: string, { why, how }: EngineEnd): GatewayProblem | undefined {
    const found = this.#find(model, digest)
    if (found === undefined || found.refusedUntilMs === null) return undefined
    const times = found.ends < MOST_THERE ? "a second" : "a third"
    const what = how === "hung" ? "its engine stood still while it read" : `an engine ended ${times} time while it read`
    return new GatewayProblem(
      "broken",
      `The answer of ${model} was lost: ${why}. It is not tried again, as ${what} this request`,
      { mayRetry: false },
    )
  }

  /**
   * Waits for its turn where an engine has crashed or stood still with it: such ones are tried one at a time, so that it shows which it was.
   */
  async apart(model: string, digest: string, asked: TriedAgain): Promise<Apart | undefined> {
    const { weight, stream, signal } = asked
    const suspect = () => {
      const found = this.#find(model, digest)
      return found?.last.how === "crashed" || found?.last.how === "hung" ? found : undefined
    }
    const isFree = () => isOver(asked.model()) || suspect() === undefined
    if (isFree()) return undefined
    const line = this.#lines.get(model) ?? new OneAtATime(GATHER_MS)
    this.#lines.set(model, line)
    const leave = await line.enter(weight, isFree, signal)
    // Another one that asks the same may have been answered meanwhile.
    const found = suspect()
    if (found?.last.how === "hung")
      return new Apart(leave, {
        // Words are hardly ever it: the next one need not wait for an answer that comes whole.
        lineMs: stream || weight > 0 ? HANGS_WITHIN_MS : HANGS_READ_MS,
        readMs: stream ? HANGS_WITHIN_MS : HANGS_READ_MS,
        isAlone: true,
      })
    // A crash is seen at once, whoever else is there; but who was at two is to be sure to be at no third with which it has nothing to do.
    if (found !== undefined)
      return new Apart(leave, { lineMs: CRASHES_READ_MS, readMs: CRASHES_READ_MS, isAlone: found.ends >= MOST_ENDS })
    leave()
    return undefined
  }

  /** It was answered: whatever an engine ended of, it was something else. */
  clear(model: string, digest: string): void {
    if (this.#blames.size > 0) this.#blames.delete(keyOf(model, digest))
    this.look(model)
  }

  /** Something has changed for those that wait for their turn. */
  look(model: string): void {
    this.#lines.get(model)?.look()
  }

  #find(model: string, digest: string): Blame | undefined {
    if (this.#blames.size === 0) return undefined
    const found = this.#blames.get(keyOf(model, digest))
    return found === undefined || found.atMs + REMEMBERED_MS <= this.#clock.monotonicMs() ? undefined : found
  }

  #note(model: string, { end, present, only, isCertain }: EngineVerdict): void {
    const atMs = this.#clock.monotonicMs()
    const ends = (digest: string) => {
      const found = this.#find(model, digest)
      if (found === undefined) return 1
      // The same request may have been at several engines at once, in the way of different others: that is no second try.
      return (present.get(digest) ?? Number.NEGATIVE_INFINITY) >= found.atMs ? found.ends + 1 : found.ends
    }
    if (end.how === "hung" && [...present.keys()].some((digest) => ends(digest) > 1))
      this.#lines.get(model)?.rest(REST_MS)
    const cause = only !== null && (isCertain || ends(only) >= MOST_ENDS) ? only : null
    const counted = cause === null ? [...present.keys()] : [cause]
    const isRefused = (digest: string) => digest === cause || ends(digest) >= MOST_THERE
    const forMs = counted.filter(isRefused).length > 1 ? SHARED_MS : REMEMBERED_MS
    for (const digest of counted) {
      const before = this.#find(model, digest)?.refusedUntilMs ?? null
      const refusedUntilMs = isRefused(digest) ? Math.max(before ?? 0, atMs + forMs) : before
      const next = { ends: ends(digest), last: end, atMs, refusedUntilMs }
      const key = keyOf(model, digest)
      this.#blames.delete(key)
      this.#blames.set(key, next)
    }
    for (const key of this.#blames.keys()) {
      if (this.#blames.size <= MOST_REMEMBERED) break
      this.#blames.delete(key)
    }
    this.look(model)
  }
}

function keyOf(model: string, digest: string): string {
  return `${model}\0${digest}`
}
