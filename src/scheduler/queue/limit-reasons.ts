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
  /** Whether lines meet a limit whatever else is counted. */
  readonly #lasting = new Map<Standing, Map<LineRequest, boolean>>()
  #starts = 0

  constructor(scene: QueueScene, standings: Standings, nowMs: number) {
    this.#book = new LimitBook(scene, standings, nowMs)
  }

  started(line: Line, request: LineRequest): void {
    this.#starts++
    this.#book.started(line.standing, this.#jobOf(line, request))
  }

  /** The same where it would wait for ever, whatever it waits for besides; `null` where a limit that it meets may pass. */
  neverReasonOf(line: Line, request: LineRequest): WaitReason | null {
    if (this.#book.isOff) return null
    let lasting = this.#lasting.get(line.standing)
    if (lasting === undefined) {
      lasting = new Map()
      this.#lasting.set(line.standing, lasting)
    }
    let isLasting = lasting.get(request)
    if (isLasting === undefined) {
      isLasting = this.#book.hitsOf(line.standing, this.#jobOf(line, request)).some((hit) => hit.lasting)
      lasting.set(request, isLasting)
    }
    return isLasting ? this.reasonOf(line, request) : null
  }

  /** `null` when it may start as far as limits go. What would make it wait for ever comes first, else the order of limits holds. */
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
    const ordered = [...hits.filter(({ lasting }) => lasting), ...hits.filter(({ lasting }) => !lasting)]
    const reason = hits.length === 0 ? null : ({ code: "limit", hits: ordered.map(toldOf) } as const)
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
