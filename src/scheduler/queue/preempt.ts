import type { JobId } from "../../protocol/ids.ts"
import type { Calendar } from "../calendar/calendar.ts"
import type { PlanRequest } from "../calendar/plan-request.ts"
import { Candidates } from "./candidates.ts"
import { chooseOffers } from "./choose-offers.ts"
import type { MadeRoom } from "./found.ts"
import { leftOf } from "./left-of.ts"
import { awaitedFor, isLetBe } from "./let-be.ts"
import type { Line } from "./line.ts"
import type { LineRequest } from "./line-request.ts"
import { preemptionOf } from "./preemption-of.ts"
import type { QueueScene, RunningAttempt } from "./queue-scene.ts"
import { release } from "./release.ts"
import { RunningWholes } from "./running-wholes.ts"
import type { Standings } from "./standings.ts"
import { StayBeside } from "./stay-beside.ts"
import { UnderWay } from "./under-way.ts"
import { type Candidate, isUnderWay, VictimOrder } from "./victim-order.ts"
import { goneAtLatestInMs, goneInMs, type Made } from "./when-gone.ts"

const NOBODY: ReadonlySet<RunningAttempt> = new Set()

/** Finds whom a job may preempt, and takes of these as few as it needs. */
export class Preemptor {
  readonly #scene: QueueScene
  readonly #calendar: Calendar
  readonly #running: RunningWholes
  readonly #candidates: Candidates
  readonly #gone = new Set<RunningAttempt>()
  /** By request, who found nobody: as room only shrinks, nobody like them will. */
  readonly #failed = new Map<LineRequest, Set<string>>()
  readonly #owners: ReadonlySet<string>
  /** Jobs for which others are stopped or on their way out already, and which have not started yet. */
  readonly #awaiting: ReadonlySet<JobId>
  readonly #order: VictimOrder
  readonly #beside: StayBeside
  readonly underWay: UnderWay
  /** Whether it was for room as soon without that, or sooner, that the last one who asked preempts nobody. */
  isSoonWithout = false

  constructor(scene: QueueScene, calendar: Calendar, standings: Standings) {
    this.#scene = scene
    this.#calendar = calendar
    this.#order = new VictimOrder(calendar.grid.nowMs, scene.policy.preemption.youngestFirst)
    this.#running = new RunningWholes(scene, calendar)
    this.#beside = new StayBeside(calendar, scene, this.#running)
    const parts = { scene, calendar, running: this.#running, beside: this.#beside }
    this.#candidates = new Candidates({ ...parts, standings, order: this.#order })
    this.underWay = new UnderWay({ ...parts, candidates: this.#candidates, gone: this.#gone })
    const { owners } = scene.policy
    this.#owners = new Set(owners.first && owners.preempt ? scene.hosts.flatMap(({ owner }) => owner ?? []) : [])
    this.#awaiting = new Set(
      scene.running.flatMap((one) => this.#running.instead.awaitedBy(one) ?? awaitedFor(one) ?? []),
    )
  }

  /** When somebody may be preempted who has not run long enough; Infinity for nobody. */
  get nextMs(): number {
    return this.#candidates.nextMs
  }

  /** Whether some may start though no host has room, their senders' own hosts aside. */
  get mayMakeRoom(): boolean {
    return this.#scene.policy.preemption.by !== "off" || this.#awaiting.size > 0
  }

  /** Whether anybody may be preempted, at this moment or a later one. */
  get mayPreempt(): boolean {
    return this.#scene.policy.preemption.by !== "off" || this.#owners.size > 0
  }

  /** Whether some make room for it already. */
  isAwaitedFor({ spec }: Line): boolean {
    return this.#awaiting.has(spec.id)
  }

  /** Room for the line, made by preempting as policy lets it; taken already. `null` where that cannot be. */
  makeRoom(line: Line, request: LineRequest): MadeRoom | null {
    // What makes room for it makes room for it, whatever policy says by now.
    if (this.isAwaitedFor(line)) return this.#tryToMakeRoom(line, request, request.plan.asked.places)
    if (this.#scene.policy.preemption.by === "off") return null
    // Of owners each has a right of its own.
    const owner = this.#owners.has(line.spec.user) ? line.spec.user : ""
    const key = [line.standing.partition.name, line.standing.qos.name, owner].join("\n")
    const failed = this.#failed.get(request) ?? new Set()
    this.#failed.set(request, failed)
    if (failed.has(key)) return null
    this.isSoonWithout = false
    const made = this.#tryToMakeRoom(line, request, request.plan.asked.places)
    if (made === null && !this.isSoonWithout) failed.add(key)
    return made
  }

  /** The same on its sender's own hosts, where guests give way. */
  makeOwnRoom(line: Line, request: LineRequest, places: readonly number[]): MadeRoom | null {
    this.isSoonWithout = false
    return this.#owners.has(line.spec.user) ? this.#tryToMakeRoom(line, request, places) : null
  }

  /** Whether somebody is there who may have to give way to the owner. */
  mayAskGuestsToGo(place: number, owner: string): boolean {
    if (!this.#owners.has(owner)) return false
    return this.#running.byPlace[place]!.some(
      (attempt) =>
        attempt.user !== owner &&
        (attempt.leavesMs === null || awaitedFor(attempt) !== null) &&
        !this.#gone.has(attempt),
    )
  }

  /** @param places as the job takes them @param spared they are let be, since they could not stay beside it */
  #tryToMakeRoom(
    line: Line,
    request: LineRequest,
    places: readonly number[],
    spared: ReadonlySet<RunningAttempt> = NOBODY,
  ): MadeRoom | null {
    const { plan } = request
    const { nowMs } = this.#calendar.grid
    const offers = places.flatMap((place, rank) => {
      const victims = this.#victimsOn(line, request, place, spared)
      return victims === null ? [] : { place, rank, victims }
    })
    const chosen = chooseOffers(offers, plan.asked.hosts, this.#order)
    if (chosen.length < plan.asked.hosts) return null
    const all = [...new Map(chosen.flatMap((one) => one.victims.map((each) => [each.attempt, each]))).values()]
    if (all.length === 0) return null
    const chosenPlaces = chosen.map(({ place }) => place).sort((a, b) => a - b)
    this.#release(all, -1)
    const asked = this.#needed(request, all, chosenPlaces)
    const made = this.#roomWithout(line, request, asked, chosenPlaces)
    const letBe = made === null ? [] : this.#letBe(line, request, asked, made, chosenPlaces)
    if (made === null || letBe.length > 0) {
      this.#release(asked, 1)
      if (letBe.length === 0) return null
      return this.#tryToMakeRoom(line, request, places, new Set([...spared, ...letBe.map(({ attempt }) => attempt)]))
    }
    const victims = this.#withoutIdle(line, request, asked, made, chosenPlaces)
    if (victims.length === 0) return null
    const { startMs, staying } = made
    if (startMs > nowMs && !victims.some(isUnderWay)) {
      this.#release(victims, 1)
      this.isSoonWithout = this.#calendar.find(plan, startMs + 0.5) !== null
      if (this.isSoonWithout) return null
      this.#release(victims, -1)
    }
    const room = { places: chosenPlaces, startMs }
    this.#calendar.take(plan, room)
    const isOver = victims.every((one) => one.isStopped && staying.has(one))
    for (const victim of victims) {
      this.#gone.add(victim.attempt)
      // Nobody else starts there until they are gone.
      for (const place of isOver ? [] : victim.places)
        this.#calendar.hold(place, this.#calendar.profiles[place]!.total, nowMs, Math.max(startMs, nowMs + 1))
    }
    this.#beside.keep(new Set(victims.filter((one) => staying.has(one))), plan, room)
    const preempts = victims.flatMap((one) => {
      const hosts = this.#running.hostsOf(one.attempt)
      const job = this.#beside.forWhom(one, staying, line.spec.id)
      const noRoom = this.#beside.whyNot(plan, one, victims, startMs)
      return preemptionOf(one, job, hosts, staying.has(one), noRoom, nowMs)
    })
    const leaving = victims.filter((one) => !staying.has(one))
    return { ...room, preempts, after: (leaving.length > 0 ? leaving : victims).map(({ attempt }) => attempt.job) }
  }

  /** Those that are needed on all of the hosts together: who goes from several may make room enough where others were to go as well. */
  #needed({ plan }: LineRequest, victims: readonly Candidate[], places: readonly number[]): readonly Candidate[] {
    if (places.length === 1 || victims.every((one) => one.places.length === 1)) return victims
    const { nowMs } = this.#calendar.grid
    return leftOf(victims, [...victims].sort(this.#order.candidates), this.#release, (rest) => {
      const startMs = nowMs + goneAtLatestInMs(rest)
      return rest.length > 0 && this.#calendar.hasRoomAskedFor(plan, { places, startMs })
    })
  }

  /** Those without whom it would start later: the others are let be, as by then there is room beside them. */
  #withoutIdle(
    line: Line,
    request: LineRequest,
    victims: readonly Candidate[],
    { startMs, staying }: Made,
    places: readonly number[],
  ): readonly Candidate[] {
    if (startMs === this.#calendar.grid.nowMs) return victims
    const asked = victims.filter((one) => !isUnderWay(one)).sort(this.#order.candidates)
    return leftOf(victims, asked, this.#release, (rest) => {
      const made = this.#roomAt(line, request, rest, places, startMs)
      return made !== null && rest.every((one) => !staying.has(one) || made.staying.has(one))
    })
  }

  /** When the line may start where these have made room, and which of them stay; as soon as can be where none has to end who was to stay. */
  #roomWithout(
    line: Line,
    request: LineRequest,
    victims: readonly Candidate[],
    places: readonly number[],
  ): Made | null {
    const { nowMs } = this.#calendar.grid
    const at = (startMs: number) => this.#roomAt(line, request, victims, places, startMs)
    const soonest = at(nowMs + goneInMs(victims))
    const isAsThought = victims.every((one) => one.mode !== "suspend" || one.losesWork || soonest?.staying.has(one))
    return isAsThought ? soonest : at(nowMs + goneAtLatestInMs(victims))
  }

  #roomAt(
    line: Line,
    { plan }: LineRequest,
    victims: readonly Candidate[],
    places: readonly number[],
    startMs: number,
  ): Made | null {
    if (!this.#calendar.hasRoomAskedFor(plan, { places, startMs })) return null
    const hasRoom = (place: number) => hasRoomAskedFor(plan, place, startMs)
    return { startMs, staying: this.#beside.of(line, plan, victims, places, startMs, hasRoom) }
  }

  /** Those who would have to end and are let be in that case, and those who would stand still before there is room, as others are there yet who end soon. */
  #letBe(
    line: Line,
    request: LineRequest,
    victims: readonly Candidate[],
    { startMs, staying }: Made,
    places: readonly number[],
  ): readonly Candidate[] {
    const { grid } = this.#calendar
    const isForNow = startMs === grid.nowMs || [...staying].every(({ isStopped }) => isStopped)
    const now = isForNow ? staying : this.#roomAt(line, request, victims, places, grid.nowMs)?.staying
    return victims.filter((one) => (staying.has(one) ? !one.isStopped && now?.has(one) !== true : isLetBe(one, grid)))
  }

  /** As few as are needed for the line to have room on the host, or `null`. */
  #victimsOn(
    line: Line,
    { plan }: LineRequest,
    place: number,
    spared: ReadonlySet<RunningAttempt>,
  ): readonly Candidate[] | null {
    if (plan.hasRoomAt(place, this.#calendar.grid.nowMs)) return []
    const isOut = (one: RunningAttempt) => this.#gone.has(one) || spared.has(one)
    const candidates = this.#candidates.on(line, plan, place, isOut)
    const soonest = this.#fewest(line, plan, place, candidates, goneInMs)
    if (candidates.every(({ mode }) => mode !== "suspend")) return soonest
    const lost = new Set(candidates.filter(({ losesWork }) => losesWork).map(({ attempt }) => attempt))
    const isAsThought = soonest?.every(({ attempt, losesWork }) => !losesWork || lost.has(attempt))
    return isAsThought === true ? soonest : this.#fewest(line, plan, place, candidates, goneAtLatestInMs)
  }

  /** @param goneIn when they are gone, from now */
  #fewest(
    line: Line,
    plan: PlanRequest,
    place: number,
    candidates: readonly Candidate[],
    goneIn: (some: readonly Candidate[]) => number,
  ): readonly Candidate[] | null {
    const { nowMs } = this.#calendar.grid
    const released: Candidate[] = []
    const hasRoom = (gone: readonly Candidate[]) => hasRoomAskedFor(plan, place, nowMs + goneIn(gone))
    let found = false
    for (const candidate of candidates) {
      this.#release([candidate], -1)
      released.push(candidate)
      found = hasRoom(released)
      if (found) break
    }
    // The last one is needed.
    const victims = found ? leftOf(released, released.slice(0, -1), this.#release, hasRoom) : released
    const known = found ? this.#withLosses(line, plan, victims, place, nowMs + goneIn(victims)) : null
    this.#release(victims, 1)
    if (plan.asked.hosts > 1 || known === null || victims.some(isUnderWay) || !hasRoom(victims)) return known
    this.isSoonWithout = true
    return null
  }

  /** Where they hold nothing any more: who of them could not stay there after all. */
  #withLosses(
    line: Line,
    plan: PlanRequest,
    victims: readonly Candidate[],
    place: number,
    startMs: number,
  ): readonly Candidate[] {
    if (victims.every(({ mode }) => mode !== "suspend")) return victims
    const hasRoom = () => hasRoomAskedFor(plan, place, startMs)
    const staying = this.#beside.of(line, plan, victims, [place], startMs, hasRoom)
    return victims.map((one) => ({ ...one, losesWork: !staying.has(one) }))
  }

  readonly #release = (some: readonly Candidate[], times: 1 | -1): void => {
    release(this.#calendar, this.#scene, this.#running, some, times)
  }
}

/** The start is one that others are asked for now. */
function hasRoomAskedFor(plan: PlanRequest, place: number, startMs: number): boolean {
  return plan.hasRoomAt(place, startMs, plan.asked.limitMs, true)
}
