import type { JobId } from "../../protocol/ids.ts"
import type { Calendar } from "../calendar/calendar.ts"
import type { LineRequest } from "./line-request.ts"
import type { Turn } from "./partition-turns.ts"
import type { QueueHost, QueueJob } from "./queue-scene.ts"

/** In strict order: hosts on which nobody else starts now, as they are for who waits first. */
export class ClosedPlaces {
  readonly #calendar: Calendar
  readonly #hosts: readonly Pick<QueueHost, "id" | "name">[]
  readonly #jobs = new Map<number, JobId>()
  #aside: readonly number[] = []

  constructor(calendar: Calendar, hosts: readonly Pick<QueueHost, "id" | "name">[]) {
    this.#calendar = calendar
    this.#hosts = hosts
  }

  /**
   * Who waits keeps back the rest of its partition, and its hosts from all; one that names hosts only these, be they too small for it; one in a booking nobody outside.
   */
  closeFor({ id, booking, hostsWanted }: QueueJob, request: LineRequest, turn: Turn): void {
    if (booking !== null) return
    if (hostsWanted === null) turn.firstWaiting ??= id
    this.#close(id, hostsWanted === null ? request.plan.asked.places : this.#named(hostsWanted))
  }

  #named(wanted: readonly string[]): readonly number[] {
    return this.#hosts.flatMap(({ id, name }, place) => (wanted.includes(id) || wanted.includes(name) ? place : []))
  }

  #close(job: JobId, places: readonly number[]): void {
    for (const place of places) {
      if (this.#jobs.has(place)) continue
      this.#jobs.set(place, job)
      this.#hold(place, 1)
    }
  }

  /** Another job for which one of the request's hosts is closed. */
  aheadOf(job: JobId, { plan }: LineRequest): JobId | undefined {
    if (this.#jobs.size === 0) return undefined
    return plan.asked.places.flatMap((place) => this.#jobs.get(place) ?? []).find((one) => one !== job)
  }

  /** In another of its partitions a job is not in its own way; {@link putBack} is to follow. */
  setAside(job: JobId, { plan }: LineRequest): void {
    if (this.#jobs.size === 0) return
    this.#aside = plan.asked.places.filter((place) => this.#jobs.get(place) === job)
    for (const place of this.#aside) this.#hold(place, -1)
  }

  putBack(): void {
    for (const place of this.#aside) this.#hold(place, 1)
    this.#aside = []
  }

  #hold(place: number, times: 1 | -1): void {
    const { nowMs } = this.#calendar.grid
    this.#calendar.hold(place, this.#calendar.profiles[place]!.total, nowMs, nowMs + 1, times)
  }
}
