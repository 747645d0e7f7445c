import type { Calendar } from "../calendar/calendar.ts"
import type { PlanRequest } from "../calendar/plan-request.ts"
import { AtHome } from "./at-home.ts"
import { awaitedFor, isLetBe, mayStay } from "./let-be.ts"
import type { Line } from "./line.ts"
import { leavingTerms, type PreemptTerms, preemptTerms, STOPPED } from "./preempt-terms.ts"
import type { QueueScene, RunningAttempt } from "./queue-scene.ts"
import { release } from "./release.ts"
import type { RunningWholes } from "./running-wholes.ts"
import type { Standing, Standings } from "./standings.ts"
import type { StayBeside } from "./stay-beside.ts"
import type { Candidate, VictimOrder } from "./victim-order.ts"

interface Parts {
  readonly scene: QueueScene
  readonly calendar: Calendar
  readonly standings: Standings
  readonly running: RunningWholes
  readonly beside: StayBeside
  readonly order: VictimOrder
}

/** Says whom a line may preempt on a host. */
export class Candidates {
  readonly #parts: Parts
  readonly #atHome: AtHome
  /** When somebody may be preempted who has not run long enough; Infinity for nobody. */
  nextMs = Number.POSITIVE_INFINITY

  constructor(parts: Parts) {
    this.#parts = parts
    this.#atHome = new AtHome(parts.scene)
  }

  /**
   * Those first that matter least.
   * @param isOut who is none, since others have preempted it or it is let be
   */
  on(line: Line, plan: PlanRequest, place: number, isOut: (attempt: RunningAttempt) => boolean): readonly Candidate[] {
    const { running, order } = this.#parts
    const all = running.byPlace[place]!.flatMap((attempt) =>
      isOut(attempt) ? [] : this.#candidate(line, plan, place, attempt),
    )
    return all.sort(order.candidates)
  }

  #candidate(line: Line, plan: PlanRequest, place: number, attempt: RunningAttempt): Candidate | [] {
    const { scene, calendar, standings, running, beside } = this.#parts
    const { grid } = calendar
    const standing = standings.of(attempt.account, attempt.user, attempt.partition, attempt.qos)
    const isLeaving = attempt.leavesMs !== null && awaitedFor(attempt) === line.spec.id
    const isStopped = running.instead.awaitedBy(attempt) === line.spec.id
    const terms = this.#termsOf(line, place, attempt, standing)
    if (terms === null) return []
    const { minimumRunMs, ...taken } = terms
    if (grid.nowMs - attempt.startedMs < minimumRunMs) {
      this.nextMs = Math.min(this.nextMs, attempt.startedMs + minimumRunMs)
      return []
    }
    const places = running.placesOf(attempt)
    const one = { attempt, standing, places, ...taken, isStopped, isLeaving, losesWork: true }
    if (!mayStay(one, grid)) return isLetBe(one, grid) ? [] : one
    release(calendar, scene, running, [one], -1)
    const losesWork = !beside.hasMemory(line, plan, one, place)
    release(calendar, scene, running, [one], 1)
    // Who goes with one that is stopped for it already holds its memory yet.
    return losesWork && !isStopped && isLetBe(one, grid) ? [] : { ...one, losesWork }
  }

  #termsOf(line: Line, place: number, attempt: RunningAttempt, standing: Standing): PreemptTerms | null {
    const { scene, calendar, running } = this.#parts
    const { leavesMs } = attempt
    if (leavesMs !== null) return awaitedFor(attempt) === line.spec.id ? leavingTerms(leavesMs, calendar.grid) : null
    if (running.instead.awaitedBy(attempt) === line.spec.id) return STOPPED
    const { owner } = scene.hosts[place]!
    return preemptTerms(scene.policy, line, attempt, standing, { owner, isAtHome: this.#atHome.has(attempt) })
  }
}
