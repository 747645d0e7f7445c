import { type LimitedJob, type LimitHit, startHitsOf } from "../limits/limit-check.ts"
import type { LimitInForce } from "../limits/limits.ts"
import type { StandingLimits } from "./limit-book.ts"
import { type Count, copyOf, countJob, uncountJob } from "./limit-counts.ts"
import { LimitGuards } from "./limit-guards.ts"
import type { LineRequest } from "./line-request.ts"

interface Known {
  /** Of what is planned, when it was found. */
  readonly stamp: number
  readonly hits: readonly LimitHit[]
}

interface KnownOf {
  readonly byRequest: Map<LineRequest, Known>
  /** Where it makes no difference what they ask for, the last that was found. */
  last: Known | undefined
}

/** What has a time, as it is counted. */
export interface Counted {
  readonly limits: StandingLimits
  readonly job: LimitedJob
}

const NONE: readonly LimitHit[] = []

/**
 * What counts against limits with all that has a time by now. Who would be over a limit beside those before it neither starts nor gets a time of its own.
 * So all that has one together is never over a limit, and none of it can come to wait for one while others of it run, however long they do: also who would
 * be over before the first of them begins would keep them from their times until then, and those behind them would take their room.
 */
export class PlannedLimits {
  readonly #safe: boolean
  /** By what counts without them; nothing where nothing is counted that has a time. */
  readonly #planned = new Map<object, Count>()
  readonly #known = new Map<StandingLimits, KnownOf>()
  readonly #guards = new LimitGuards()

  constructor(safe: boolean) {
    this.#safe = safe
  }

  /** To be told before the book is. */
  started({ counts }: StandingLimits, job: LimitedJob): void {
    if (this.#planned.size === 0) return
    for (const counted of counts) {
      const planned = this.#planned.get(counted)
      if (planned !== undefined) countJob(planned, job.resources, minutesOf(job))
    }
  }

  /** It has a time, or starts as soon as others have made room: then to be told before the book is, too. */
  reserved(limits: StandingLimits, job: LimitedJob): void {
    this.#guards.add(limits)
    for (const counted of limits.counts) {
      let planned = this.#planned.get(counted)
      if (planned === undefined) {
        planned = copyOf(counted)
        this.#planned.set(counted, planned)
      }
      countJob(planned, job.resources, minutesOf(job))
    }
  }

  /** It has no time any more, or started in its place. */
  givenUp({ counts }: StandingLimits, job: LimitedJob): void {
    for (const counted of counts) uncountJob(this.#planned.get(counted)!, job.resources, minutesOf(job))
    this.#known.clear()
  }

  /** As {@link find}, where what it has itself by an earlier turn does not count. */
  findBeside(own: Counted, limits: StandingLimits, job: LimitedJob): readonly LimitHit[] {
    for (const counted of own.limits.counts)
      uncountJob(this.#planned.get(counted)!, own.job.resources, minutesOf(own.job))
    const hits = this.#look(limits, job)
    for (const counted of own.limits.counts)
      countJob(this.#planned.get(counted)!, own.job.resources, minutesOf(own.job))
    return hits
  }

  /** The same list for all that ask alike, once there is one; `undefined` where {@link find} is to be asked. */
  known(limits: StandingLimits, request: LineRequest): readonly LimitHit[] | undefined {
    if (this.#planned.size === 0) return NONE
    if (this.#guards.beside(limits).length > 0) return undefined
    const known = this.#known.get(limits)
    const mine = known?.byRequest.get(request)
    const stamp = this.#stampOf(limits)
    if (mine?.stamp === stamp) return mine.hits
    // What is met is noted for each that asks.
    return known?.last?.stamp === stamp && known.last.hits.length === 0 ? NONE : undefined
  }

  find(limits: StandingLimits, request: LineRequest, job: LimitedJob): readonly LimitHit[] {
    if (this.#guards.beside(limits).length > 0) return this.#look(limits, job)
    const known = this.#known.get(limits) ?? { byRequest: new Map(), last: undefined }
    this.#known.set(limits, known)
    const stamp = this.#stampOf(limits)
    const found = known.last?.stamp === stamp ? known.last : { stamp, hits: this.#look(limits, job) }
    if (limits.isByNumber) known.last = found
    if (!limits.isByNumber || found.hits.length > 0) known.byRequest.set(request, found)
    return found.hits
  }

  /** The same number as long as nothing was counted that could change which limits such a job meets. */
  #stampOf({ watched }: StandingLimits): number {
    let counted = 0
    for (const each of watched) counted += this.#planned.get(each)?.runningJobs ?? 0
    return counted
  }

  #look(limits: StandingLimits, job: LimitedJob): readonly LimitHit[] {
    return [...limits.inForce, ...this.#guards.beside(limits)].flatMap((limit): readonly LimitHit[] => {
      const planned = this.#plannedOf(limit)
      if (planned === undefined) return []
      const { layer, scope } = limit
      const then = { ...limit, layer: { ...layer, counts: { ...layer.counts, [scope]: planned } } }
      return startHitsOf(job, [then], { safe: this.#safe })
    })
  }

  #plannedOf({ scope, layer }: LimitInForce): Count | undefined {
    return scope === "job" ? undefined : this.#planned.get(layer.counts[scope])
  }
}

function minutesOf({ timeLimitMinutes }: LimitedJob): number {
  return timeLimitMinutes ?? Number.POSITIVE_INFINITY
}
