import type { AgentContext } from "./agent-context.ts"
import type { Attempt } from "./attempt.ts"
import { stopAttempt } from "./stopping.ts"
import { untilWarningMs, warn } from "./warning.ts"

/** How often limits, supervisors and output files are looked at while something runs. */
const LOOK_MS = 1_000
/** For silence the server counts on the attempt being over a minute after its limit, so the grace has a bound here. */
const MOST_SILENCE_GRACE_MS = 30_000

/**
 * Keeps the limits of what runs, with or without a link: wall time, and how long the server may be silent. Both on a clock
 * that counts sleep: the first look after a wake comes at once, as its timer is overdue.
 */
export class Limits {
  readonly #context: AgentContext
  readonly #onLook: () => void
  #timer: NodeJS.Timeout | undefined
  #lastContactMs: number
  /** When something last arrived, by the clock that is cheap to read and stands still in sleep. */
  #arrivedAt: number
  /** The same moment on both clocks, not long ago. */
  #base: { readonly cheap: number; readonly counting: number }

  /** @param onLook called at each look, before the limits */
  constructor(context: AgentContext, onLook: () => void) {
    this.#context = context
    this.#onLook = onLook
    this.#base = this.#bothClocks()
    this.#arrivedAt = this.#base.cheap
    this.#lastContactMs = this.#base.counting
  }

  /** Something of the server has just arrived. */
  contact(): void {
    this.#arrivedAt = performance.now()
  }

  /** Whether silence matters to anything that runs: then the link should be tried now and then. */
  get minding(): boolean {
    return this.#live().some((attempt) => attempt.order?.silenceLimitMs != null)
  }

  /** Something has started, ended or got another limit. With nothing alive no timer runs. */
  changed(): void {
    const live = this.#live()
    if (live.length === 0) {
      clearTimeout(this.#timer)
      this.#timer = undefined
      return
    }
    const now = this.#now()
    const dueIn = Math.min(LOOK_MS, ...live.map((attempt) => this.#dueInMs(attempt, now)))
    // A look that is due sooner than planned, for a short limit, replaces the plan.
    if (this.#timer !== undefined && dueIn >= LOOK_MS) return
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#look(), Math.max(1, dueIn))
  }

  /** Looks now (the machine has woken). */
  lookNow(): void {
    if (this.#timer !== undefined) this.#look()
  }

  #look(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#onLook()
    const now = this.#now()
    for (const attempt of this.#live()) {
      const { order } = attempt
      if (order === null || attempt.stop !== null || attempt.phase === "sweeping") continue
      const leftMs = remaining(order.timeLimitMs, ranMs(attempt, now))
      if (leftMs > 0 && untilWarningMs(attempt, leftMs) <= 0) void warn(this.#context, attempt, leftMs)
      if (leftMs <= 0) {
        stopAttempt(this.#context, attempt, { cause: "time_limit", signal: order.stopSignal, graceMs: order.graceMs })
      } else if (remaining(order.silenceLimitMs, now - this.#lastContactMs) <= 0) {
        const graceMs = Math.min(order.graceMs, MOST_SILENCE_GRACE_MS)
        stopAttempt(this.#context, attempt, { cause: "link_lost", signal: order.stopSignal, graceMs })
      }
    }
    this.changed()
  }

  /**
   * The clock that counts sleep. What arrived since the last look is dated by the cheap clock from then on: when the machine
   * slept in between, that was before the sleep or is a little in the past, never in the future.
   */
  #now(): number {
    const arrived = this.#base.counting + (this.#arrivedAt - this.#base.cheap)
    this.#lastContactMs = Math.max(this.#lastContactMs, arrived)
    this.#base = this.#bothClocks()
    return this.#base.counting
  }

  #bothClocks() {
    return { cheap: performance.now(), counting: this.#context.clock.sleepCountingMs() }
  }

  #dueInMs(attempt: Attempt, now: number): number {
    if (attempt.order === null || attempt.stop !== null) return LOOK_MS
    const { timeLimitMs, silenceLimitMs } = attempt.order
    const leftMs = remaining(timeLimitMs, ranMs(attempt, now))
    const silentMs = remaining(silenceLimitMs, now - this.#lastContactMs)
    return Math.max(1, Math.min(leftMs, untilWarningMs(attempt, leftMs), silentMs))
  }

  #live(): Attempt[] {
    return [...this.#context.attempts.values()].filter((attempt) => attempt.live)
  }
}

/** Time for which it was stopped for somebody's sake is not its own. */
function ranMs({ startedUptimeMs, suspension, order, gate }: Attempt, now: number): number {
  // Nor is what a member waits for the others.
  if (order?.member !== undefined && gate.went === null) return 0
  return now - Math.max(startedUptimeMs, gate.went?.uptimeMs ?? 0) - suspension.totalMs(now)
}

function remaining(limitMs: number | null, spentMs: number): number {
  return limitMs === null ? Number.POSITIVE_INFINITY : limitMs - spentMs
}
