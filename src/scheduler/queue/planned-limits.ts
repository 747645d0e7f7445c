import type { LimitedJob, LimitHit } from "../limits/limit-check.ts"
import { LimitBook } from "./limit-book.ts"
import type { QueueScene } from "./queue-scene.ts"
import type { Standing, Standings } from "./standings.ts"

/**
 * What counts against limits with all that has a time by now. Who would be over a limit beside those before it gets no time of its own, and starts now
 * only if it is over before the first of them begins: else they could not start at their times.
 */
export class PlannedLimits {
  readonly #book: LimitBook
  /** By what counts, when the first begins that has a time and is counted there. */
  readonly #firstMs = new Map<object, number>()

  constructor(scene: QueueScene, standings: Standings, nowMs: number) {
    this.#book = new LimitBook(scene, standings, nowMs)
  }

  started(standing: Standing, job: LimitedJob): void {
    this.#book.started(standing, job)
  }

  reserved(standing: Standing, job: LimitedJob, startMs: number): void {
    if (this.#book.isOff) return
    this.#book.started(standing, job)
    for (const counts of this.#book.countsOf(standing)) {
      const firstMs = this.#firstMs.get(counts)
      if (firstMs === undefined || startMs < firstMs) this.#firstMs.set(counts, startMs)
    }
  }

  /** The limits that it would meet as long as it is not over by the time at which it ends. */
  hitsOf(standing: Standing, job: LimitedJob, endMs: number): readonly LimitHit[] {
    if (this.#firstMs.size === 0) return []
    return this.#book.hitsOf(standing, job).filter(({ scope, layer }) => {
      const firstMs = scope === "job" ? undefined : this.#firstMs.get(layer.counts[scope])
      return firstMs !== undefined && endMs > firstMs
    })
  }
}
