import type { JobId } from "../../protocol/ids.ts"
import { plan } from "../../scheduler/plan.ts"
import { nextBookingChange } from "../bookings/bookings-ahead.ts"
import type { Core } from "../core.ts"
import { place } from "../jobs/place.ts"
import { lookAtGates } from "./look-at-gates.ts"
import { PassPace } from "./pass-pace.ts"
import { PlanByPolicy } from "./plan-by-policy.ts"
import { plansByQueue, policyNow } from "./scene-now.ts"
import { snapshotOf } from "./snapshot.ts"
import { letGoOn } from "./stop-for.ts"

/** A whole plan that takes no longer is made after each change. */
const LIGHT_MS = 3
/** For so long it is looked for what starts next. */
const NEXT_START_MS = 5
/** When the whole plan is made after all that starts was found. */
const SOON_MS = 1_000

/** Decides what starts: first come, first served as long as nobody applied a policy, else as that has it. Several hosts for one job only the planner by policy gives; without one it goes by turn, too. */
export class Planner {
  readonly #core: Core
  readonly #byPolicy: PlanByPolicy
  readonly #pace = new PassPace()
  readonly #startsPace = new PassPace()
  /** When to plan again although nothing changes, as the last whole plan has it. */
  #wakeAt: number | null = null
  /** When a whole plan is due, by the monotonic clock; `null`: nothing has changed since the last one. */
  #wholeAtMs: number | null = null
  #isWholeNext = true

  constructor(core: Core) {
    this.#core = core
    this.#byPolicy = new PlanByPolicy(core)
  }

  /** Plans and starts, within a change. Returns when to plan again although nothing changes, or `null`. */
  planAndPlace(): number | null {
    const core = this.#core
    const gateAt = lookAtGates(core)
    letGoOn(core, NOBODY, false)
    const planAt = plansByQueue(core) ? this.#planByPolicy() : this.#planByTurn()
    const now = core.clock.now()
    const bookedAt = core.table.waitingCount === 0 ? null : nextBookingChange(core, now)
    return earliest(planAt, core.fleet.refreshOrders(), gateAt, bookedAt)
  }

  #planByTurn(): number | null {
    const core = this.#core
    const { starts, wakeAtMs } = plan(snapshotOf(core), core.clock.now())
    for (const start of starts) place(core, start)
    return wakeAtMs
  }

  /** In long queues first what starts, at once; the rest of the plan later, as far as there is time for it. */
  #planByPolicy(): number | null {
    const { clock, table } = this.#core
    if (table.waitingCount === 0) return null
    const fromMs = clock.monotonicMs()
    if (this.#pace.tookMs <= LIGHT_MS || (this.#isWholeNext && this.#pace.restMs(fromMs) === 0))
      return this.#planAll(fromMs)
    if (this.#startsPace.restMs(fromMs) === 0) {
      const isAll = this.#planStarts(fromMs)
      const restMs = Math.max(this.#pace.restMs(fromMs), isAll ? SOON_MS : 0)
      this.#wholeAtMs = Math.min(this.#wholeAtMs ?? Number.POSITIVE_INFINITY, fromMs + restMs)
    }
    const atMs = this.#wholeAtMs ?? fromMs + this.#startsPace.restMs(fromMs)
    // Never in this tick: what has just started goes out first.
    this.#isWholeNext = atMs <= clock.monotonicMs()
    const inMs = Math.max(0, atMs - clock.monotonicMs())
    return earliest(this.#wakeAt, clock.now() + inMs)
  }

  #planAll(fromMs: number): number | null {
    const { clock } = this.#core
    this.#wakeAt = this.#byPolicy.planAll(policyNow(this.#core))
    this.#wholeAtMs = null
    this.#isWholeNext = false
    this.#pace.ran(fromMs, clock.monotonicMs())
    return this.#wakeAt
  }

  /** @returns whether all starts were found */
  #planStarts(fromMs: number): boolean {
    const { clock } = this.#core
    const isAll = this.#byPolicy.planStarts(policyNow(this.#core), () => clock.monotonicMs() - fromMs < NEXT_START_MS)
    this.#startsPace.ran(fromMs, clock.monotonicMs())
    return isAll
  }
}

const NOBODY: ReadonlySet<JobId> = new Set()

/** `null`: never. */
function earliest(...times: readonly (number | null)[]): number | null {
  const some = times.filter((time) => time !== null)
  return some.length === 0 ? null : Math.min(...some)
}
