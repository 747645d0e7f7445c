import { type LimitedJob, type LimitHit, startHitsOf } from "../limits/limit-check.ts"
import type { LimitInForce } from "../limits/limits.ts"
import type { LimitBook } from "./limit-book.ts"
import { type Count, copyOf, countJob } from "./limit-counts.ts"
import type { LineRequest } from "./line-request.ts"
import type { Standing } from "./standings.ts"

/** A limit that is met once the first of those begin that have a time. */
export interface PlannedHit {
  readonly hit: LimitHit
  readonly fromMs: number
}

interface Known {
  /** Of what is planned, when it was found. */
  readonly stamp: number
  readonly hits: readonly PlannedHit[]
}

/** What counts in one place with what has a time there. */
interface Planned {
  readonly count: Count
  /** When the first begins that has a time. */
  firstMs: number
}

const NONE: readonly PlannedHit[] = []

/**
 * What counts against limits with all that has a time by now. Who would be over a limit beside those before it gets no time of its own, and starts now
 * only if it is over before the first of them begins: else they could not start at their times.
 */
export class PlannedLimits {
  readonly #book: LimitBook
  readonly #safe: boolean
  /** By what the book counts; nothing where nothing is counted that has a time. */
  readonly #planned = new Map<object, Planned>()
  readonly #known = new Map<Standing, Map<LineRequest, Known>>()
  /** Of those whom it makes no difference what they ask for, the last that was found. */
  readonly #last = new Map<Standing, Known>()

  /** @param book of what runs and has started */
  constructor(book: LimitBook, safe: boolean) {
    this.#book = book
    this.#safe = safe
  }

  /** To be told before the book is. */
  started(standing: Standing, job: LimitedJob): void {
    if (this.#planned.size === 0) return
    for (const counted of this.#book.countsOf(standing)) {
      const planned = this.#planned.get(counted)
      if (planned !== undefined) countJob(planned.count, job.resources, minutesOf(job))
    }
  }

  reserved(standing: Standing, job: LimitedJob, startMs: number): void {
    if (this.#book.isOff) return
    for (const counted of this.#book.countsOf(standing)) {
      let planned = this.#planned.get(counted)
      if (planned === undefined) {
        planned = { count: copyOf(counted), firstMs: startMs }
        this.#planned.set(counted, planned)
      }
      countJob(planned.count, job.resources, minutesOf(job))
      planned.firstMs = Math.min(planned.firstMs, startMs)
    }
  }

  /** The same list for all that ask alike, once there is one. */
  hitsOf(standing: Standing, request: LineRequest, job: LimitedJob): readonly PlannedHit[] {
    if (this.#planned.size === 0) return NONE
    let byRequest = this.#known.get(standing)
    if (byRequest === undefined) {
      byRequest = new Map()
      this.#known.set(standing, byRequest)
    }
    const known = byRequest.get(request)
    // More only comes to it: what was met once is met.
    if (known !== undefined && known.hits.length > 0) return known.hits
    const stamp = this.#stampOf(standing)
    if (known?.stamp === stamp) return known.hits
    const last = this.#last.get(standing)
    const found = last?.stamp === stamp ? last : { stamp, hits: this.#find(standing, job) }
    const isByNumber = this.#book.isByNumber(standing)
    if (isByNumber) this.#last.set(standing, found)
    if (!isByNumber || found.hits.length > 0) byRequest.set(request, found)
    return found.hits
  }

  /** The same number as long as nothing was counted that could change which limits such a job meets. */
  #stampOf(standing: Standing): number {
    let counted = 0
    for (const each of this.#book.watchedBy(standing)) counted += this.#planned.get(each)?.count.runningJobs ?? 0
    return counted
  }

  #find(standing: Standing, job: LimitedJob): readonly PlannedHit[] {
    return this.#book.inForce(standing).flatMap((limit): PlannedHit[] => {
      const planned = this.#plannedOf(limit)
      if (planned === undefined) return []
      const { layer, scope } = limit
      const then = { ...limit, layer: { ...layer, counts: { ...layer.counts, [scope]: planned.count } } }
      return startHitsOf(job, [then], { safe: this.#safe }).map((hit) => ({ hit, fromMs: planned.firstMs }))
    })
  }

  #plannedOf({ scope, layer }: LimitInForce): Planned | undefined {
    return scope === "job" ? undefined : this.#planned.get(layer.counts[scope])
  }
}

function minutesOf({ timeLimitMinutes }: LimitedJob): number {
  return timeLimitMinutes ?? Number.POSITIVE_INFINITY
}
