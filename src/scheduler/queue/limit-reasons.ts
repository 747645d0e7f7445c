import type { JobId } from "../../protocol/ids.ts"
import type { LimitedJob, LimitHit } from "../limits/limit-check.ts"
import type { ToldHit } from "../limits/limit-words.ts"
import { amountsOf, LimitBook, type StandingLimits, stampOf } from "./limit-book.ts"
import type { Line } from "./line.ts"
import type { LineRequest } from "./line-request.ts"
import { type Counted, PlannedLimits } from "./planned-limits.ts"
import type { WaitReason } from "./queue-plan.ts"
import type { QueueScene } from "./queue-scene.ts"
import type { Standing, Standings } from "./standings.ts"

const NO_COUNTS: readonly object[] = []

interface Told {
  /** Of the book when it was found. */
  readonly stamp: number
  readonly reason: WaitReason | null
}

/** What is known of those of one standing, by who asks: `null` for all of them where it makes no difference what they ask for. */
interface OfStanding {
  readonly limits: StandingLimits
  readonly told: Map<LineRequest | null, Told>
  /** Whether they meet a limit whatever else is counted. */
  readonly lasting: Map<LineRequest | null, boolean>
}

/** Which limits lines meet at their turn, found once for all that ask alike as long as nothing starts that counts there. */
export class LimitReasons {
  readonly #book: LimitBook
  readonly #planned: PlannedLimits
  readonly #plannedReasons = new WeakMap<readonly LimitHit[], WaitReason>()
  readonly #ofStanding = new Map<Standing, OfStanding>()
  readonly #jobs = new Map<LineRequest, LimitedJob>()
  /** What jobs have that may yet give it up for something else, one by one. */
  readonly #mayGiveUp = new Map<JobId, Counted[]>()
  /** What counts some that start only once others have made room for them. */
  readonly #soon = new Set<object>()

  constructor(scene: QueueScene, standings: Standings, nowMs: number) {
    this.#book = new LimitBook(scene, standings, nowMs)
    this.#planned = new PlannedLimits(scene.policy.safeMinutes)
  }

  /** Goes on with whatever comes to count against a limit, or counts no more. */
  changes = 0

  /**
   * @param isSoon once others have made room for it: until then it has a time, and does not run
   * @param isAsked others have yet to go, be it at once
   */
  started(line: Line, request: LineRequest, isSoon = false, isAsked = isSoon): void {
    if (this.#book.isOff) return
    this.changes++
    const job = this.#jobOf(line, request)
    const { limits } = this.#of(line.standing)
    if (isAsked) this.#planned.reserved(limits, job)
    else this.#planned.started(limits, job)
    if (isSoon) for (const counted of limits.counts) this.#soon.add(counted)
    this.#book.started(line.standing, job)
  }

  /** It, or one of its tasks, has a time. @param mayGiveUp it has more turns, at which it may get another */
  reserved(line: Line, request: LineRequest, mayGiveUp: boolean): void {
    if (this.#book.isOff) return
    this.changes++
    const counted = { limits: this.#of(line.standing).limits, job: this.#jobOf(line, request) }
    this.#planned.reserved(counted.limits, counted.job)
    if (!mayGiveUp) return
    const known = this.#mayGiveUp.get(line.spec.id)
    if (known === undefined) this.#mayGiveUp.set(line.spec.id, [counted])
    else known.push(counted)
  }

  /** No more than so many times are kept for it. */
  keeps(job: JobId, count: number): void {
    const known = this.#mayGiveUp.get(job)
    while (known !== undefined && known.length > count) {
      this.changes++
      const { limits, job } = known.pop()!
      this.#planned.givenUp(limits, job)
    }
  }

  /** As {@link reasonOf}, where all that has a time by now counts, too. */
  plannedReasonOf(line: Line, request: LineRequest): WaitReason | null {
    if (this.#book.isOff) return null
    const { limits } = this.#of(line.standing)
    const hits = this.#planned.known(limits, request) ?? this.#planned.find(limits, request, this.#jobOf(line, request))
    if (hits.length === 0) return null
    const known = this.#plannedReasons.get(hits)
    if (known !== undefined) return known
    const reason = plannedReason(hits)
    this.#plannedReasons.set(hits, reason)
    return reason
  }

  /** What such a job is counted in. */
  countsOf({ standing }: Line): readonly object[] {
    return this.#book.isOff ? NO_COUNTS : this.#of(standing).limits.counts
  }

  /** Where what it holds is limited, and not only how many jobs there are: there one that ends may make room for a larger one. */
  watchedAmountsOf({ standing }: Line): readonly object[] {
    if (this.#book.isOff) return NO_COUNTS
    const { watched, isByNumber } = this.#of(standing).limits
    return isByNumber ? NO_COUNTS : watched
  }

  /** Whether a limit is met now, or would be beside what has a time by then; of its own times the last is left out, as a start takes its place. */
  mayNotBegin(line: Line, request: LineRequest): boolean {
    if (this.reasonOf(line, request) !== null) return true
    if (this.plannedReasonOf(line, request) === null) return false
    const own = this.#mayGiveUp.get(line.spec.id)?.at(-1)
    const { limits } = this.#of(line.standing)
    return own === undefined || this.#planned.findBeside(own, limits, this.#jobOf(line, request)).length > 0
  }

  /** {@link reasonOf} where it would wait for ever, whatever it waits for besides; `null` where a limit that it meets may pass. */
  neverReasonOf(line: Line, request: LineRequest): WaitReason | null {
    if (this.#book.isOff) return null
    const { limits, lasting } = this.#of(line.standing)
    const asker = limits.isByNumber ? null : request
    let isLasting = lasting.get(asker)
    if (isLasting === undefined) {
      isLasting = this.#book.hitsOf(line.standing, this.#jobOf(line, request)).some((hit) => hit.lasting)
      lasting.set(asker, isLasting)
    }
    return isLasting ? this.reasonOf(line, request) : null
  }

  /** `null` when it may start as far as limits go. What would make it wait for ever comes first, else the order of limits holds. */
  reasonOf(line: Line, request: LineRequest): WaitReason | null {
    if (this.#book.isOff) return null
    const { limits, told } = this.#of(line.standing)
    const asker = limits.isByNumber ? null : request
    const stamp = stampOf(limits)
    const known = told.get(asker)
    if (known?.stamp === stamp) return known.reason
    // What is counted goes on: what is told of it does not.
    const hits = this.#book.hitsOf(line.standing, this.#jobOf(line, request))
    const ordered = [...hits.filter(({ lasting }) => lasting), ...hits.filter(({ lasting }) => !lasting)]
    const reason =
      hits.length === 0 ? null : ({ code: "limit", hits: ordered.map((hit) => this.#toldOf(hit)) } as const)
    told.set(asker, { stamp, reason })
    return reason
  }

  #toldOf(hit: LimitHit): ToldHit {
    const { scope, layer } = hit
    const isPlanned = scope !== "job" && this.#soon.has(layer.counts[scope])
    return isPlanned ? { ...toldOf(hit), planned: true } : toldOf(hit)
  }

  #of(standing: Standing): OfStanding {
    let known = this.#ofStanding.get(standing)
    if (known === undefined) {
      known = { limits: this.#book.of(standing), told: new Map(), lasting: new Map() }
      this.#ofStanding.set(standing, known)
    }
    return known
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

function plannedReason(hits: readonly LimitHit[]): WaitReason {
  return { code: "limit", hits: hits.map((hit) => ({ ...toldOf(hit), planned: true })) }
}

function toldOf({ layer: { kind, name, partition }, ...hit }: LimitHit): ToldHit {
  return { ...hit, layer: { kind, name, ...(partition === undefined ? {} : { partition }) } }
}
