import { DEFAULT_MEMORY_BYTES, type Resources } from "../../protocol/resources.ts"
import type { Calendar } from "../calendar/calendar.ts"
import type { Line } from "./line.ts"
import type { LineRequest } from "./line-request.ts"
import type { Preemption } from "./queue-plan.ts"
import type { QueueScene, RunningAttempt } from "./queue-scene.ts"
import type { Standing, Standings } from "./standings.ts"

/** What makes room for a job: whom it preempts, where it goes then, and when. */
export interface MadeRoom {
  readonly places: readonly number[]
  readonly startMs: number
  readonly preempts: readonly Preemption[]
}

interface Candidate {
  readonly attempt: RunningAttempt
  readonly places: readonly number[]
  readonly held: Resources
  readonly mode: Preemption["mode"]
  readonly graceMs: number
  readonly by: Preemption["by"]
}

/** Finds whom a job may preempt, and takes of these as few as it needs. */
export class Preemptor {
  readonly #scene: QueueScene
  readonly #calendar: Calendar
  readonly #standings: Standings
  readonly #places: ReadonlyMap<string, number>
  readonly #byPlace: readonly RunningAttempt[][]
  readonly #gone = new Set<RunningAttempt>()
  /** By request, who found nobody: as room only shrinks, nobody like them will. */
  readonly #failed = new Map<LineRequest, Set<string>>()
  readonly #owners: ReadonlySet<string>
  /** When somebody may be preempted who has not run long enough; Infinity for nobody. */
  nextMs = Number.POSITIVE_INFINITY

  constructor(scene: QueueScene, calendar: Calendar, standings: Standings) {
    this.#scene = scene
    this.#calendar = calendar
    this.#standings = standings
    this.#places = new Map(scene.hosts.map(({ id }, place) => [id, place]))
    this.#byPlace = scene.hosts.map(() => [])
    for (const attempt of scene.running)
      for (const place of this.#placesOf(attempt)) this.#byPlace[place]!.push(attempt)
    const { owners } = scene.policy
    this.#owners = new Set(owners.first && owners.preempt ? scene.hosts.flatMap(({ owner }) => owner ?? []) : [])
  }

  /** Room for the line, made by preempting as policy lets it; taken already. `null` where that cannot be. */
  makeRoom(line: Line, request: LineRequest): MadeRoom | null {
    if (this.#scene.policy.preemption.by === "off") return null
    const key = `${line.standing.partition.name}\n${line.standing.qos.name}`
    const failed = this.#failed.get(request) ?? new Set()
    this.#failed.set(request, failed)
    if (failed.has(key)) return null
    const made = this.#tryToMakeRoom(line, request, request.plan.asked.places)
    if (made === null) failed.add(key)
    return made
  }

  /** The same on its sender's own hosts, where guests give way. */
  makeOwnRoom(line: Line, request: LineRequest, places: readonly number[]): MadeRoom | null {
    return this.#owners.has(line.spec.user) ? this.#tryToMakeRoom(line, request, places) : null
  }

  /** Whether somebody is there who may have to give way to the owner. */
  mayAskGuestsToGo(place: number, owner: string): boolean {
    if (!this.#owners.has(owner)) return false
    return this.#byPlace[place]!.some(
      (attempt) => attempt.user !== owner && attempt.leavesMs === null && !this.#gone.has(attempt),
    )
  }

  #tryToMakeRoom(line: Line, { plan }: LineRequest, places: readonly number[]): MadeRoom | null {
    const { nowMs } = this.#calendar.grid
    const offers = places.flatMap((place) => {
      const victims = this.#victimsOn(line, place, (startMs) => plan.hasRoomAt(place, startMs))
      return victims === null ? [] : { place, victims, cost: this.#costOf(victims) }
    })
    offers.sort((a, b) => a.victims.length - b.victims.length || a.cost - b.cost || a.place - b.place)
    const chosen = offers.slice(0, plan.asked.hosts)
    if (chosen.length < plan.asked.hosts) return null
    const victims = [...new Map(chosen.flatMap((one) => one.victims.map((each) => [each.attempt, each]))).values()]
    if (victims.length === 0) return null
    const startMs = nowMs + Math.max(...victims.map(({ graceMs }) => graceMs))
    const chosenPlaces = chosen.map(({ place }) => place).sort((a, b) => a - b)
    this.#release(victims, -1)
    const room = { places: chosenPlaces, startMs }
    if (!this.#calendar.hasRoom(plan, room)) {
      this.#release(victims, 1)
      return null
    }
    const endMs = startMs + plan.asked.limitMs
    const hasRoom = (place: number) => plan.hasRoomAt(place, startMs)
    const staying = this.#staying(line, victims, chosenPlaces, endMs, hasRoom)
    this.#calendar.take(plan, room)
    for (const victim of victims) {
      this.#gone.add(victim.attempt)
      // Nobody else starts there until they are gone.
      for (const place of victim.places) {
        this.#calendar.hold(place, this.#calendar.profiles[place]!.total, nowMs, Math.max(startMs, nowMs + 1))
        if (staying.has(victim)) this.#calendar.hold(place, memoryOf(victim), nowMs, staysUntil(victim, nowMs, endMs))
      }
    }
    const preempts = victims.map(({ attempt, mode, graceMs, by }, at): Preemption => {
      const isSuspended = staying.has(victims[at]!)
      const { job, task, hosts } = attempt
      const graceEndsMs = nowMs + graceMs
      const notSuspended = mode === "suspend" && !isSuspended
      return {
        job,
        task,
        hosts,
        mode: notSuspended ? "requeue" : mode,
        graceEndsMs,
        for: line.spec.id,
        by,
        notSuspended,
      }
    })
    return { ...room, preempts }
  }

  /** As few as are needed for the line to have room on the host, or `null`. */
  #victimsOn(line: Line, place: number, hasRoom: (startMs: number) => boolean): readonly Candidate[] | null {
    const { nowMs } = this.#calendar.grid
    if (hasRoom(nowMs)) return []
    const released: Candidate[] = []
    const startMs = () => nowMs + Math.max(0, ...released.map(({ graceMs }) => graceMs))
    let found = false
    for (const candidate of this.#candidatesOn(line, place)) {
      this.#release([candidate], -1)
      released.push(candidate)
      found = hasRoom(startMs())
      if (found) break
    }
    let victims = [...released]
    if (found) {
      for (const one of released.slice(0, -1)) {
        this.#release([one], 1)
        if (hasRoom(startMs())) victims = victims.filter((each) => each !== one)
        else this.#release([one], -1)
      }
    }
    this.#release(found ? victims : released, 1)
    return found ? victims : null
  }

  /** Whom the line may preempt there, those first that matter least. */
  #candidatesOn(line: Line, place: number): readonly Candidate[] {
    const { nowMs } = this.#calendar.grid
    const { preemption } = this.#scene.policy
    const all = this.#byPlace[place]!.flatMap((attempt): { candidate: Candidate; standing: Standing }[] => {
      if (attempt.leavesMs !== null || this.#gone.has(attempt)) return []
      const standing = this.#standings.of(attempt.account, attempt.user, attempt.partition, attempt.qos)
      const by = this.#rightTo(line, attempt, standing, place)
      const mode = standing.qos.preemptMode ?? standing.partition.preemptMode ?? preemption.mode
      if (by === null || mode === "off") return []
      const least = by === "owner" ? 0 : (standing.qos.minimumRunMs ?? preemption.minimumRunMs)
      if (nowMs - attempt.startedMs < least) {
        this.nextMs = Math.min(this.nextMs, attempt.startedMs + least)
        return []
      }
      const graceMs = standing.qos.graceMs ?? standing.partition.graceMs ?? preemption.graceMs
      const places = this.#placesOf(attempt)
      return [
        { candidate: { attempt, places, held: heldBy(attempt, this.#scene, place), mode, graceMs, by }, standing },
      ]
    })
    const lost = ({ attempt }: Candidate) => (nowMs - attempt.startedMs) * attempt.hosts.length
    return all
      .sort(
        (a, b) =>
          a.standing.partition.tier - b.standing.partition.tier ||
          a.standing.qos.rank - b.standing.qos.rank ||
          (preemption.youngestFirst
            ? b.candidate.attempt.startedMs - a.candidate.attempt.startedMs
            : lost(a.candidate) - lost(b.candidate)) ||
          b.candidate.attempt.job - a.candidate.attempt.job,
      )
      .map(({ candidate }) => candidate)
  }

  #rightTo(line: Line, attempt: RunningAttempt, standing: Standing, place: number): Preemption["by"] | null {
    const { by } = this.#scene.policy.preemption
    const { user } = line.spec
    if (this.#owners.has(user) && this.#scene.hosts[place]!.owner === user && attempt.user !== user) return "owner"
    if (by === "tier" && line.standing.partition.tier > standing.partition.tier) return "tier"
    return by === "qos" && line.standing.qos.preempts.includes(standing.qos.name) ? "qos" : null
  }

  /** Of those that are to be suspended, the ones whose memory may stay beside the job: on a host all of them or none. */
  #staying(
    line: Line,
    victims: readonly Candidate[],
    places: readonly number[],
    endMs: number,
    hasRoom: (place: number) => boolean,
  ): ReadonlySet<Candidate> {
    const { nowMs } = this.#calendar.grid
    const suspended = victims.filter(({ mode }) => mode === "suspend")
    const fits = (place: number) => {
      const here = suspended.filter((one) => one.places.includes(place))
      const bytes = here.reduce((sum, { attempt }) => sum + attempt.resources.memoryBytes, 0)
      if (bytes === 0) return true
      const { spec } = line
      const asked = spec.resources.memoryBytes ?? DEFAULT_MEMORY_BYTES
      if (asked + bytes > this.#calendar.profiles[place]!.total.memoryBytes) return false
      // It ends later than was planned, and its memory must not be in the way of who has a time then.
      const stays = { memoryBytes: bytes, gpus: 0, cores: 0 }
      const untilMs = Math.max(...here.map((one) => staysUntil(one, nowMs, endMs)))
      if (this.#calendar.profiles[place]!.firstRoom(stays, false, untilMs - nowMs, nowMs) !== nowMs) return false
      if (spec.alone || spec.hasSecrets) return true
      this.#calendar.hold(place, stays, nowMs, untilMs)
      const isRoom = hasRoom(place)
      this.#calendar.hold(place, stays, nowMs, untilMs, -1)
      return isRoom
    }
    const tight = places.filter((place) => !fits(place))
    return new Set(suspended.filter((one) => !one.places.some((place) => tight.includes(place))))
  }

  #release(some: readonly Candidate[], times: 1 | -1): void {
    const { nowMs } = this.#calendar.grid
    for (const { attempt, places, held } of some) {
      for (const place of places) this.#calendar.hold(place, held, nowMs, endOf(attempt, nowMs), times)
      this.#calendar.holdPieces(attempt.pieces, nowMs, endOf(attempt, nowMs), times)
    }
  }

  #costOf(victims: readonly Candidate[]): number {
    const { nowMs } = this.#calendar.grid
    return victims.reduce((sum, { attempt }) => sum + (nowMs - attempt.startedMs) * attempt.hosts.length, 0)
  }

  #placesOf({ hosts }: RunningAttempt): readonly number[] {
    return hosts.flatMap((id) => this.#places.get(id) ?? [])
  }
}

/** When what runs ends at the latest. Who is past its limit and still there will be so a moment longer. */
export function endOf({ startedMs, limitMs, leavesMs }: RunningAttempt, nowMs: number): number {
  return Math.max(leavesMs ?? (limitMs === null ? Number.POSITIVE_INFINITY : startedMs + limitMs), nowMs + 1)
}

/** What it holds on the host at this place. */
export function heldBy({ alone, hasSecrets, resources }: RunningAttempt, scene: QueueScene, place: number): Resources {
  return alone || hasSecrets ? totalOf(scene.hosts[place]!) : resources
}

/** What jobs may use in all just now: memory that others use is as if the host did not have it, since nobody knows for how long. */
export function totalOf({ total, memoryNowBytes }: QueueScene["hosts"][number]): Resources {
  if (memoryNowBytes === undefined || memoryNowBytes >= total.memoryBytes) return total
  return { ...total, memoryBytes: Math.max(0, memoryNowBytes) }
}

/** When it ends at the latest that is suspended until then. */
function staysUntil({ attempt }: Candidate, nowMs: number, endMs: number): number {
  return endOf(attempt, nowMs) + (endMs - nowMs)
}

function memoryOf({ attempt }: Candidate): Resources {
  return { memoryBytes: attempt.resources.memoryBytes, gpus: 0, cores: 0 }
}
