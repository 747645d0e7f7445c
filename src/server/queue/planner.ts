import { plan } from "../../scheduler/plan.ts"
import { nextBookingChange } from "../bookings/bookings-ahead.ts"
import type { Core } from "../core.ts"
import { place } from "../jobs/place.ts"
import { lookAtGates } from "./look-at-gates.ts"
import { PassPace } from "./pass-pace.ts"
import { planByPolicy } from "./plan-by-policy.ts"
import { plansByQueue, policyNow } from "./scene-now.ts"
import { snapshotOf } from "./snapshot.ts"

/** Decides what starts: first come, first served as long as nobody applied a policy, else as that has it. Several hosts for one job only the planner by policy gives; without one it goes by turn, too. */
export class Planner {
  readonly #core: Core
  readonly #pace = new PassPace()

  constructor(core: Core) {
    this.#core = core
  }

  /** Plans and starts, within a change. Returns when to plan again although nothing changes, or `null`. */
  planAndPlace(): number | null {
    const core = this.#core
    const gateAt = lookAtGates(core)
    const planAt = plansByQueue(core) ? this.#byPolicy() : this.#byTurn()
    const now = core.clock.now()
    const bookedAt = core.table.waitingCount === 0 ? null : nextBookingChange(core, now)
    return earliest(planAt, core.fleet.refreshOrders(), gateAt, bookedAt)
  }

  #byTurn(): number | null {
    const core = this.#core
    const { starts, wakeAtMs } = plan(snapshotOf(core), core.clock.now())
    for (const start of starts) place(core, start)
    return wakeAtMs
  }

  #byPolicy(): number | null {
    const { clock } = this.#core
    const from = clock.monotonicMs()
    const restMs = this.#pace.restMs(from)
    if (restMs > 0) return clock.now() + restMs
    const planAt = planByPolicy(this.#core, policyNow(this.#core))
    this.#pace.ran(from, clock.monotonicMs())
    return planAt
  }
}

/** `null`: never. */
function earliest(...times: readonly (number | null)[]): number | null {
  const some = times.filter((time) => time !== null)
  return some.length === 0 ? null : Math.min(...some)
}
