import type { LimitedJob, LimitHit } from "../limits/limit-check.ts"
import { LimitBook } from "./limit-book.ts"
import type { LineRequest } from "./line-request.ts"
import type { QueueScene } from "./queue-scene.ts"
import type { Standing, Standings } from "./standings.ts"

/** A limit that is met once the first of those begin that have a time. */
export interface PlannedHit {
  readonly hit: LimitHit
  readonly fromMs: number
}

interface Known {
  /** Of the book when it was found. */
  readonly stamp: number
  readonly hits: readonly PlannedHit[]
}

const NONE: readonly PlannedHit[] = []

/**
 * What counts against limits with all that has a time by now. Who would be over a limit beside those before it gets no time of its own, and starts now
 * only if it is over before the first of them begins: else they could not start at their times.
 */
export class PlannedLimits {
  readonly #book: LimitBook
  /** By what counts, when the first begins that has a time and is counted there. */
  readonly #firstMs = new Map<object, number>()
  readonly #known = new Map<Standing, Map<LineRequest, Known>>()
  /** Of those whom it makes no difference what they ask for, the last that was found. */
  readonly #last = new Map<Standing, Known>()

  constructor(scene: QueueScene, standings: Standings, nowMs: number) {
    this.#book = new LimitBook(scene, standings, nowMs)
  }

  started(standing: Standing, job: LimitedJob): void {
    this.#book.started(standing, job)
  }

  reserved(standing: Standing, job: LimitedJob, startMs: number): void {
    if (this.#book.isOff) return
    this.started(standing, job)
    for (const counts of this.#book.countsOf(standing)) {
      const firstMs = this.#firstMs.get(counts)
      if (firstMs === undefined || startMs < firstMs) this.#firstMs.set(counts, startMs)
    }
  }

  /** The same list for all that ask alike, once there is one. */
  hitsOf(standing: Standing, request: LineRequest, job: LimitedJob): readonly PlannedHit[] {
    if (this.#firstMs.size === 0) return NONE
    let byRequest = this.#known.get(standing)
    if (byRequest === undefined) {
      byRequest = new Map()
      this.#known.set(standing, byRequest)
    }
    const known = byRequest.get(request)
    // More only comes to it: what was met once is met.
    if (known !== undefined && known.hits.length > 0) return known.hits
    const stamp = this.#book.stampOf(standing)
    if (known?.stamp === stamp) return known.hits
    const last = this.#last.get(standing)
    const found = last?.stamp === stamp ? last : { stamp, hits: this.#find(standing, job) }
    const isByNumber = this.#book.isByNumber(standing)
    if (isByNumber) this.#last.set(standing, found)
    if (!isByNumber || found.hits.length > 0) byRequest.set(request, found)
    return found.hits
  }

  #find(standing: Standing, job: LimitedJob): readonly PlannedHit[] {
    return this.#book.hitsOf(standing, job).flatMap((hit): PlannedHit[] => {
      const fromMs = hit.scope === "job" ? undefined : this.#firstMs.get(hit.layer.counts[hit.scope])
      return fromMs === undefined ? [] : [{ hit, fromMs }]
    })
  }
}
