import type { HostId, JobId } from "../../protocol/ids.ts"
import { Calendar, type Room } from "./calendar.ts"
import { Grid } from "./grid.ts"
import { needText } from "./need.ts"
import type { Closed, PlanRequest } from "./plan-request.ts"
import {
  DEFAULT_PLANNER_RULES,
  type Planned,
  type PlannedStart,
  type PlannerJob,
  type PlannerRules,
  type PlannerScene,
} from "./planner-scene.ts"

/**
 * Plans every job of the queue, one after the other, each as early as those before it leave room: Slurm's documented backfill with a
 * reservation for each job. Exact to its grid: what runs is taken to end at the next full step of the clock on the wall, and a job fits before
 * a reservation only if it ends before that begins. One that would end at that very moment does not. All times are limits: who ends earlier
 * makes room earlier, and the next plan finds it.
 *
 * The plan of a job does not hang on those behind it. But a plan made from nothing, as Slurm makes each, may put a job elsewhere than the
 * one before, and so delay another that had a reservation there. Given the plan before this one, none is delayed as long as each is
 * started when it is due, nobody is put before it, nobody runs past the limit and no host is lost: what was reserved is kept, or moved to
 * an earlier time. That holds from the front of the queue to the first job that was not there or stood elsewhere; so no reservation
 * keeps back who is newly put before it.
 * @param before the plan before this one; without it the plan is made from nothing
 */
export function planCalendar(
  scene: PlannerScene,
  nowMs: number,
  rules = DEFAULT_PLANNER_RULES,
  before: readonly Planned[] = [],
): readonly Planned[] {
  const planner = new Planner(scene, nowMs, rules)
  const kept = planner.enter(before)
  return scene.waiting.map((job, at) => {
    if (at >= rules.depth) return { job: job.id, state: "none" }
    const promise = kept.get(job.id)
    return promise === undefined ? planner.plan(job) : planner.improve(job, promise)
  })
}

class Planner {
  readonly #scene: PlannerScene
  readonly #calendar: Calendar
  readonly #places: ReadonlyMap<HostId, number>
  readonly #requests = new Map<string, PlanRequest>()
  readonly #askedIds = new Map<unknown, number>()

  constructor(scene: PlannerScene, nowMs: number, { windowMs, gridMs }: PlannerRules) {
    this.#scene = scene
    this.#places = new Map(scene.hosts.map(({ id }, place) => [id, place]))
    this.#calendar = new Calendar(scene.hosts, scene.pieces, new Grid(nowMs, windowMs, gridMs))
    for (const { hosts, need, pieces, limitEndMs } of scene.running.map(withEnd(nowMs))) {
      for (const place of this.#placesOf(hosts)) this.#calendar.holdNeed(place, need, nowMs, limitEndMs)
      this.#calendar.holdPieces(pieces, nowMs, limitEndMs)
    }
  }

  /** Keeps what was planned before, from the front of the queue as far as it is the same queue and there is room for it. */
  enter(before: readonly Planned[]): ReadonlyMap<JobId, Room> {
    const waiting = new Set(this.#scene.waiting.map(({ id }) => id))
    const kept = new Map<JobId, Room>()
    for (const [at, planned] of before.filter(({ job }) => waiting.has(job)).entries()) {
      const job = this.#scene.waiting[at]
      if (job?.id !== planned.job) break
      if (planned.state === "none") continue
      const request = this.#requestOf(job)
      const room = this.#roomOf(planned)
      if (!this.#isPossible(request, room)) break
      this.#calendar.take(request, room)
      kept.set(job.id, room)
    }
    return kept
  }

  plan(job: PlannerJob): Planned {
    const request = this.#requestOf(job)
    const room = this.#calendar.find(request, Number.POSITIVE_INFINITY)
    if (room === null) return { job: job.id, state: "none" }
    this.#calendar.take(request, room)
    return this.#planned(job, room)
  }

  /** Earlier than promised where there is room by now, else as promised. */
  improve(job: PlannerJob, promise: Room): Planned {
    return this.#planned(job, this.#calendar.improve(this.#requestOf(job), promise))
  }

  #planned(job: PlannerJob, { places, startMs }: Room): Planned {
    const hosts = places.map((place) => this.#scene.hosts[place]!.id)
    return { job: job.id, state: startMs <= this.#calendar.grid.nowMs ? "start" : "reserved", startMs, hosts }
  }

  #roomOf({ hosts, startMs }: PlannedStart): Room {
    return { places: this.#placesOf(hosts), startMs: Math.max(startMs, this.#calendar.grid.nowMs) }
  }

  #isPossible(request: PlanRequest, room: Room): boolean {
    return (
      room.places.length === request.asked.hosts &&
      room.places.every((place) => request.asked.places.includes(place)) &&
      this.#calendar.hasRoom(request, room, true)
    )
  }

  #placesOf(hosts: Iterable<HostId>): readonly number[] {
    return [...hosts].flatMap((id) => this.#places.get(id) ?? [])
  }

  #requestOf(job: PlannerJob): PlanRequest {
    const key = this.#askedFor(job)
    let request = this.#requests.get(key)
    if (request === undefined) {
      const { hosts, need, pieces, limitMs, allowed } = job
      const places = allowed === null ? [...this.#places.values()] : this.#placesOf(allowed)
      const closed = this.#closedFor(job)
      request = this.#calendar.request({ hosts, need, pieces, limitMs, places, closed, noStarts: [] })
      this.#requests.set(key, request)
    }
    return request
  }

  /** The same text for jobs to which all times and hosts are alike. */
  #askedFor({ id, need, hosts, limitMs, allowed, pieces }: PlannerJob): string {
    const own = this.#scene.bookings.some(({ admits }) => admits.has(id)) ? id : ""
    return `${needText(need)} ${hosts} ${limitMs} ${this.#idOf(allowed)} ${JSON.stringify(pieces)} ${own}`
  }

  #idOf(value: unknown): number {
    const known = this.#askedIds.get(value) ?? this.#askedIds.size
    this.#askedIds.set(value, known)
    return known
  }

  #closedFor({ id }: PlannerJob): readonly (readonly Closed[])[] {
    const closed: Closed[][] = []
    for (const booking of this.#scene.bookings) {
      if (booking.admits.has(id)) continue
      for (const place of this.#placesOf(booking.hosts)) {
        closed[place] ??= []
        closed[place].push(booking)
      }
    }
    for (const each of closed) each?.sort((a, b) => a.startMs - b.startMs)
    return closed
  }
}

/** Who is past the limit and still there will be so a moment longer. */
function withEnd(nowMs: number) {
  return (lease: PlannerScene["running"][number]) => ({ ...lease, limitEndMs: Math.max(lease.endMs, nowMs + 1) })
}
