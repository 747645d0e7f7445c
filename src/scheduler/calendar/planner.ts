import type { HostId, JobId } from "../../protocol/ids.ts"
import { chooseHosts } from "./choose-hosts.ts"
import { HostSet } from "./host-set.ts"
import {
  DEFAULT_PLANNER_RULES,
  type Planned,
  type PlannedStart,
  type PlannerJob,
  type PlannerRules,
  type PlannerScene,
} from "./planner-scene.ts"
import { Timeline } from "./timeline.ts"

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
  readonly #nowMs: number
  readonly #timeline: Timeline
  readonly #places: ReadonlyMap<HostId, number>
  readonly #weights: readonly number[]
  readonly #allowed = new Map<ReadonlySet<HostId> | null, HostSet>()
  /** Before when nothing was found for jobs that ask for the same; as long as room only shrinks there is nothing now. */
  readonly #floorsMs = new Map<string, number>()
  readonly #askedIds = new Map<unknown, number>()

  constructor(scene: PlannerScene, nowMs: number, { windowMs, gridMs }: PlannerRules) {
    this.#scene = scene
    this.#nowMs = nowMs
    this.#places = new Map(scene.hosts.map(({ id }, place) => [id, place]))
    this.#weights = scene.hosts.map(({ weight }) => weight)
    this.#timeline = new Timeline(
      scene.hosts.map(({ total }) => total),
      scene.pieces,
      nowMs,
      windowMs,
      gridMs,
    )
    for (const { hosts, need, pieces, endMs } of scene.running) {
      const places = hosts.flatMap((id) => this.#places.get(id) ?? [])
      // Who is past the limit and still there will be so a moment longer.
      this.#timeline.take(places, need, pieces, nowMs, Math.max(endMs, nowMs + 1))
    }
  }

  /** Keeps what was planned before, from the front of the queue as far as it is the same queue and there is room for it. */
  enter(before: readonly Planned[]): ReadonlyMap<JobId, PlannedStart> {
    const waiting = new Set(this.#scene.waiting.map(({ id }) => id))
    const kept = new Map<JobId, PlannedStart>()
    for (const [at, planned] of before.filter(({ job }) => waiting.has(job)).entries()) {
      const job = this.#scene.waiting[at]
      if (job?.id !== planned.job) break
      if (planned.state === "none") continue
      if (!this.#isPossible(job, planned)) break
      this.#takeFor(job, this.#placesOf(planned), Math.max(planned.startMs, this.#nowMs))
      kept.set(job.id, planned)
    }
    return kept
  }

  plan(job: PlannerJob): Planned {
    const found = this.#firstRoom(job, Number.POSITIVE_INFINITY)
    return found === null ? { job: job.id, state: "none" } : this.#planAt(job, found.places, found.startMs)
  }

  /** Earlier than promised where there is room by now, else as promised. */
  improve(job: PlannerJob, promise: PlannedStart): Planned {
    const [places, startMs] = [this.#placesOf(promise), Math.max(promise.startMs, this.#nowMs)]
    this.#floorsMs.clear()
    this.#timeline.giveBack(places, job.need, job.pieces, startMs, startMs + job.limitMs)
    const found = this.#firstRoom(job, startMs)
    return found === null ? this.#planAt(job, places, startMs) : this.#planAt(job, found.places, found.startMs)
  }

  /** The first hosts with room for all of the job, from before `beforeMs` on. */
  #firstRoom(
    job: PlannerJob,
    beforeMs: number,
  ): { readonly places: readonly number[]; readonly startMs: number } | null {
    const asked = this.#askedFor(job)
    let earliestMs = this.#floorsMs.get(asked) ?? 0
    while (earliestMs <= this.#timeline.endMs) {
      const startMs = Math.max(this.#nowMs, earliestMs)
      if (startMs >= beforeMs) return null
      const { room, nextMs } = this.#roomFor(job, earliestMs, startMs)
      const places = chooseHosts(room, job.hosts, this.#weights)
      if (places !== null) {
        this.#floorsMs.set(asked, earliestMs)
        return { places, startMs }
      }
      if (nextMs === null) break
      earliestMs = nextMs
    }
    this.#floorsMs.set(asked, Number.POSITIVE_INFINITY)
    return null
  }

  /** The same text for jobs to which all times and hosts are alike. */
  #askedFor({ id, need, hosts, limitMs, allowed, pieces }: PlannerJob): string {
    const idOf = (value: unknown) => {
      const known = this.#askedIds.get(value) ?? this.#askedIds.size
      this.#askedIds.set(value, known)
      return known
    }
    const own = this.#scene.bookings.some(({ admits }) => admits.has(id)) ? id : ""
    return `${this.#timeline.classOf(need)} ${hosts} ${limitMs} ${idOf(allowed)} ${JSON.stringify(pieces)} ${own}`
  }

  #planAt(job: PlannerJob, places: readonly number[], startMs: number): Planned {
    this.#takeFor(job, places, startMs)
    const hosts = places.map((place) => this.#scene.hosts[place]!.id)
    return { job: job.id, state: startMs <= this.#nowMs ? "start" : "reserved", startMs, hosts }
  }

  #takeFor(job: PlannerJob, places: readonly number[], startMs: number): void {
    this.#timeline.take(places, job.need, job.pieces, startMs, startMs + job.limitMs)
  }

  #placesOf({ hosts }: PlannedStart): readonly number[] {
    return hosts.flatMap((id) => this.#places.get(id) ?? [])
  }

  #isPossible(job: PlannerJob, promise: PlannedStart): boolean {
    const places = this.#placesOf(promise)
    const startMs = Math.max(promise.startMs, this.#nowMs)
    const endMs = startMs + job.limitMs
    const { allowed } = this.#unbooked(job, startMs, endMs)
    return (
      places.length === job.hosts &&
      startMs <= this.#timeline.endMs &&
      places.every((place) => allowed.has(place)) &&
      this.#timeline.hasRoom(places, job.need, job.pieces, startMs, endMs)
    )
  }

  /**
   * Hosts with room from `startMs` for as long as the job may take, and where to look next when these are too few: the first end of a slot
   * after which there is something that was not there before.
   */
  #roomFor(
    job: PlannerJob,
    earliestMs: number,
    startMs: number,
  ): { readonly room: HostSet; readonly nextMs: number | null } {
    const endMs = startMs + job.limitMs
    const { slots } = this.#timeline
    const { allowed, freedMs } = this.#unbooked(job, startMs, endMs)
    const room = allowed.copy()
    let nextMs: number | null = null
    const needClass = this.#timeline.classOf(job.need)
    for (let at = this.#timeline.slotAfter(earliestMs); at < slots.length; at++) {
      const slot = slots[at]!
      const here = this.#timeline.roomIn(slot, needClass, job.pieces)
      const successor = slots[at + 1]
      if (nextMs === null && successor !== undefined) {
        const there = this.#timeline.roomIn(successor, needClass, job.pieces)
        if (there.offersMore(allowed, room, here)) nextMs = slot.endMs
      }
      if (slot.beginMs > endMs) {
        if (nextMs === null && slots[at + 2] !== undefined) nextMs = successor?.endMs ?? null
        break
      }
      room.keep(here)
    }
    if (freedMs !== null && (nextMs === null || freedMs < nextMs)) nextMs = freedMs
    return { room, nextMs }
  }

  /**
   * Where the job may run but for hosts that are kept for others meanwhile, and when the first of these is over. Ending as a booking begins
   * is in time.
   */
  #unbooked(
    job: PlannerJob,
    startMs: number,
    endMs: number,
  ): { readonly allowed: HostSet; readonly freedMs: number | null } {
    const allowed = this.#scene.bookings.length === 0 ? this.#allowedFor(job) : this.#allowedFor(job).copy()
    let freedMs: number | null = null
    for (const booking of this.#scene.bookings) {
      if (booking.admits.has(job.id) || booking.startMs >= endMs || booking.endMs <= startMs) continue
      for (const id of booking.hosts) {
        const place = this.#places.get(id)
        if (place === undefined || !allowed.has(place)) continue
        allowed.delete(place)
        freedMs = Math.min(freedMs ?? booking.endMs, booking.endMs)
      }
    }
    return { allowed, freedMs }
  }

  #allowedFor({ allowed }: PlannerJob): HostSet {
    let set = this.#allowed.get(allowed)
    if (set === undefined) {
      const size = this.#scene.hosts.length
      set = HostSet.of(
        size,
        allowed === null ? this.#places.values() : [...allowed].flatMap((id) => this.#places.get(id) ?? []),
      )
      this.#allowed.set(allowed, set)
    }
    return set
  }
}
