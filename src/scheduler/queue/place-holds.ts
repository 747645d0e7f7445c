import type { HostId, JobId } from "../../protocol/ids.ts"
import type { Calendar } from "../calendar/calendar.ts"
import type { EarlierTurns } from "./earlier-turns.ts"
import type { Line } from "./line.ts"
import type { LineRequest } from "./line-request.ts"
import type { QueueScene } from "./queue-scene.ts"

interface Hold {
  readonly request: LineRequest
  readonly partition: string
  count: number
  isAside: boolean
}

/** Which jobs hold their places during a pass, since no time could be found for them. */
export class PlaceHolds {
  readonly #scene: QueueScene
  readonly #calendar: Calendar
  readonly #earlier: EarlierTurns
  readonly #byJob = new Map<JobId, Hold[]>()

  constructor(scene: QueueScene, calendar: Calendar, earlier: EarlierTurns) {
    this.#scene = scene
    this.#calendar = calendar
    this.#earlier = earlier
  }

  /**
   * @param count how many of an array could come to run at once
   * @returns where it holds its place; the same list for all that ask alike
   */
  hold({ spec, standing }: Line, request: LineRequest, count: number): readonly HostId[] {
    const partition = standing.partition.name
    // Who is in one partition will not be looked at again.
    if (spec.partitions.length > 1)
      this.#byJob.set(spec.id, [...(this.#byJob.get(spec.id) ?? []), { request, partition, count, isAside: false }])
    const places = this.#calendar.holdPlaces(request.plan, count)
    request.heldHosts ??= places.map((place) => this.#scene.hosts[place]!.id)
    return request.heldHosts
  }

  /** It, or one more task of it, starts or has a time in another of its partitions. */
  letGo(job: JobId): void {
    for (const one of this.#byJob.get(job) ?? []) {
      one.count--
      if (one.count === 0) this.#earlier.gaveUp(job, one.partition)
      if (!one.isAside) this.#calendar.letGo(one.request.plan, 1)
    }
    this.#forget(job)
  }

  /** As it asks for room in another of its partitions it is not in its own way; {@link putBack} is to follow. */
  setAside(job: JobId, asker: LineRequest): void {
    const held = this.#byJob.get(job)
    if (held === undefined) return
    const places = new Set(asker.plan.asked.places)
    for (const one of held) {
      const { plan } = one.request
      if (plan.held === undefined || !(plan.hasPieces || plan.held.places.some((place) => places.has(place)))) continue
      one.isAside = true
      plan.held.jobs.count -= one.count
      for (const profile of plan.held.profiles) profile.touch()
      // In nobody else's eyes there is more room.
      asker.plan.relax(plan.held.places)
    }
  }

  putBack(job: JobId): void {
    for (const one of this.#byJob.get(job) ?? []) {
      if (!one.isAside) continue
      one.isAside = false
      if (one.count > 0) this.#calendar.holdPlaces(one.request.plan, one.count)
      else this.#calendar.letGo(one.request.plan, 0)
    }
    this.#forget(job)
  }

  #forget(job: JobId): void {
    const held = this.#byJob.get(job)
    if (held === undefined) return
    for (const { request } of held) if (request.plan.held === undefined) request.heldHosts = null
    const left = held.filter(({ count, isAside }) => count > 0 || isAside)
    if (left.length > 0) this.#byJob.set(job, left)
    else this.#byJob.delete(job)
  }
}
