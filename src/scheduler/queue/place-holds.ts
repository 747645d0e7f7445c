import type { HostId, JobId } from "../../protocol/ids.ts"
import type { Calendar } from "../calendar/calendar.ts"
import type { LineRequest } from "./line-request.ts"
import type { QueueJob, QueueScene } from "./queue-scene.ts"

interface Hold {
  readonly request: LineRequest
  count: number
}

/** Which jobs hold their places during a pass, since no time could be found for them. */
export class PlaceHolds {
  readonly #scene: QueueScene
  readonly #calendar: Calendar
  readonly #byJob = new Map<JobId, Hold[]>()

  constructor(scene: QueueScene, calendar: Calendar) {
    this.#scene = scene
    this.#calendar = calendar
  }

  /**
   * @param count how many of an array could come to run at once
   * @returns where it holds its place; the same list for all that ask alike
   */
  hold({ id, partitions }: QueueJob, request: LineRequest, count: number): readonly HostId[] {
    // Who is in one partition will not be looked at again.
    if (partitions.length > 1) this.#byJob.set(id, [...(this.#byJob.get(id) ?? []), { request, count }])
    const places = this.#calendar.holdPlaces(request.plan, count)
    request.heldHosts ??= places.map((place) => this.#scene.hosts[place]!.id)
    return request.heldHosts
  }

  /** It, or one more task of it, starts or has a time in another of its partitions. */
  letGo(job: JobId): void {
    const held = this.#byJob.get(job)
    if (held === undefined) return
    for (const one of held) {
      const { request } = one
      this.#calendar.letGo(request.plan, 1)
      one.count--
      if (request.plan.held === undefined) request.heldHosts = null
    }
    const left = held.filter(({ count }) => count > 0)
    if (left.length > 0) this.#byJob.set(job, left)
    else this.#byJob.delete(job)
  }
}
