import type { LimitedJob, LimitHit } from "../limits/limit-check.ts"
import type { ToldHit } from "../limits/limit-words.ts"
import { amountsOf, LimitBook } from "./limit-book.ts"
import type { Line } from "./line.ts"
import type { LineRequest } from "./line-request.ts"
import type { WaitReason } from "./queue-plan.ts"
import type { QueueScene } from "./queue-scene.ts"
import type { Standing, Standings } from "./standings.ts"

interface Told {
  /** How many had started when it was found. */
  readonly starts: number
  readonly reason: WaitReason | null
}

/** Which limits lines meet at their turn, found once for all that ask alike as long as nothing starts. */
export class LimitReasons {
  readonly #book: LimitBook
  readonly #told = new Map<Standing, Map<LineRequest, Told>>()
  readonly #jobs = new Map<LineRequest, LimitedJob>()
  #starts = 0

  constructor(scene: QueueScene, standings: Standings, nowMs: number) {
    this.#book = new LimitBook(scene, standings, nowMs)
  }

  started(line: Line, request: LineRequest): void {
    this.#starts++
    this.#book.started(line.standing, this.#jobOf(line, request))
  }

  /** `null` when it may start as far as limits go. */
  reasonOf(line: Line, request: LineRequest): WaitReason | null {
    let told = this.#told.get(line.standing)
    if (told === undefined) {
      told = new Map()
      this.#told.set(line.standing, told)
    }
    const known = told.get(request)
    if (known?.starts === this.#starts) return known.reason
    // What is counted goes on: what is told of it does not.
    const hits = this.#book.hitsOf(line.standing, this.#jobOf(line, request))
    const reason = hits.length === 0 ? null : ({ code: "limit", hits: hits.map(toldOf) } as const)
    told.set(request, { starts: this.#starts, reason })
    return reason
  }

  #jobOf({ spec, limitMs }: Line, request: LineRequest): LimitedJob {
    let job = this.#jobs.get(request)
    if (job === undefined) {
      const { resources, hosts, pieces } = spec
      job = {
        resources: amountsOf(resources, hosts, pieces),
        resourcesPerHost: amountsOf(resources, 1, {}),
        hosts,
        timeLimitMinutes: limitMs === Number.POSITIVE_INFINITY ? null : limitMs / 60_000,
      }
      this.#jobs.set(request, job)
    }
    return job
  }
}

function toldOf({ layer: { kind, name }, ...hit }: LimitHit): ToldHit {
  return { ...hit, layer: { kind, name } }
}
