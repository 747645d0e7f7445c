import { fits, needOn, type Resources } from "../../protocol/resources.ts"
import { type HostChoice, hostChoice, type Links } from "../links/choose-linked.ts"
import { type Budget, STEPS_PER_PASS, timesItFits } from "../outlook.ts"
import type { Grid } from "./grid.ts"
import type { PlaceHolder } from "./held-places.ts"
import { lateLast, placesBy, ranksBy } from "./host-order.ts"
import { HostSet } from "./host-set.ts"
import type { Need, Pieces } from "./need.ts"
import { PieceCalendar } from "./piece-calendar.ts"
import { type Asked, type HeldRequest, PlanRequest } from "./plan-request.ts"
import { Profile } from "./profile.ts"

export interface CalendarHost {
  readonly total: Resources
  /** Among hosts with room the lowest is taken first. */
  readonly weight: number
}

/** Where and when there is room for all of a request. */
export interface Room {
  readonly places: readonly number[]
  readonly startMs: number
}

const MANY_MISSES = 8

/**
 * What is promised to whom, host by host. Each request is given the first moment at which enough hosts have room for it at once, and of the
 * hosts that have the lightest: the same that a look at every step of the grid would find.
 */
export class Calendar {
  readonly grid: Grid
  readonly profiles: readonly Profile[]
  readonly #weights: readonly number[]
  readonly #choose: HostChoice
  /** Places, the first to be taken first, and the rank of each in that. */
  readonly #order: readonly number[]
  readonly #ranks: Int32Array
  readonly #pieces: PieceCalendar
  /** Hosts on which room came back, in the order in which it did. */
  readonly #relaxed: number[] = []
  readonly #budget: Budget = { steps: STEPS_PER_PASS }

  /** @param links `null`: all hosts are linked alike, as far as is known */
  constructor(hosts: readonly CalendarHost[], pieces: Pieces, grid: Grid, links: Links | null = null) {
    this.grid = grid
    this.profiles = hosts.map(({ total }) => new Profile(total, grid))
    this.#choose = hostChoice(links)
    this.#weights = hosts.map(({ weight }) => weight)
    this.#order = placesBy(this.#weights)
    this.#ranks = ranksBy(this.#order)
    this.#pieces = new PieceCalendar(pieces, grid)
  }

  request(asked: Asked): PlanRequest {
    const order = asked.weights === undefined ? this.#order : placesBy(asked.weights)
    const orderRanks = asked.weights === undefined ? this.#ranks : ranksBy(order)
    const fitting = this.#fitting(asked, order)
    const late = asked.hosts === 1 ? asked.late : undefined
    const [places, ranks] = late === undefined ? [fitting, orderRanks] : lateLast(fitting, orderRanks, late)
    return new PlanRequest({ ...asked, places }, this.grid, this.profiles, ranks, this.#relaxed.length)
  }

  /** The first room for the request before `beforeMs`. */
  find(request: PlanRequest, beforeMs: number): Room | null {
    request.catchUp(this.#relaxed)
    if (request.queue.size < request.asked.hosts) return null
    return request.asked.hosts === 1 && !request.hasPieces
      ? this.#findOne(request, beforeMs)
      : this.#findSeveral(request, beforeMs)
  }

  /** Room for it that begins in this moment. */
  findNow(request: PlanRequest): Room | null {
    return request.isFull(this.#relaxed) ? null : this.find(request, this.grid.nowMs + 0.5)
  }

  take(request: PlanRequest, { places, startMs }: Room): void {
    this.#change(request, places, startMs, 1)
  }

  /** Takes back what {@link take} did with the same values. */
  giveBack(request: PlanRequest, { places, startMs }: Room): void {
    this.#change(request, places, startMs, -1)
    this.#relaxed.push(...places)
  }

  /** An earlier room for who has this one, which is taken instead; else it stays as it is. */
  improve(request: PlanRequest, room: Room): Room {
    this.#change(request, room.places, room.startMs, -1)
    request.relax(room.places)
    const better = this.find(request, room.startMs)
    this.take(request, better ?? room)
    // Where nothing moved no other request has more room than before.
    if (better !== null) this.#relaxed.push(...room.places)
    return better ?? room
  }

  /**
   * `count` jobs that found no time hold their place: on all hosts that are open to them within the window; where enough of these have room and only
   * pieces are missing, on as many as they need. Nobody is given room from now on who could be in their way.
   * @returns the places
   */
  holdPlaces(request: PlanRequest, count: number): readonly number[] {
    request.held ??= this.#hold(request)
    const { jobs, most, profiles, places } = request.held
    if (jobs.count < most) for (const profile of profiles) profile.touch()
    jobs.count += count
    return places
  }

  /** So many of them have a time by now. */
  letGo(request: PlanRequest, count: number): void {
    if (request.held === undefined) return
    const { jobs, places, profiles, holders } = request.held
    jobs.count -= count
    for (const [at, profile] of profiles.entries()) {
      if (jobs.count > 0) profile.touch()
      else profile.deleteHolder(holders[at]!)
    }
    if (jobs.count <= 0) request.held = undefined
    this.#relaxed.push(...places)
  }

  #hold(request: PlanRequest): HeldRequest {
    const { asked } = request
    const { nowMs, endMs } = this.grid
    request.catchUp(this.#relaxed)
    const { boundsMs } = request.queue
    // Only for who asks for one host bounds say where there is no room; for several they may be of the moment at which enough have some.
    const isOne = asked.hosts === 1 && !request.hasPieces
    const mayBe = (place: number) => !isOne || boundsMs[place]! <= nowMs
    const free = asked.places.filter((place) => mayBe(place) && request.hasRoomAt(place, nowMs))
    const room = HostSet.of(this.profiles.length, free)
    const chosen = this.#choose(room, asked.hosts, asked.weights ?? this.#weights) ?? asked.places
    const isFirm = asked.hosts > 1 || request.hasPieces
    const jobs = { count: 0 }
    const places: number[] = []
    const profiles: Profile[] = []
    const holders: PlaceHolder[] = []
    for (const place of chosen) {
      const fromMs = request.opensMs(place)
      if (fromMs >= endMs) continue
      places.push(place)
      profiles.push(this.profiles[place]!)
      holders.push({ need: request.needOn(place), jobs, fromMs, isFirm })
    }
    for (const [profile, need] of this.#pieces.asked(asked.pieces)) {
      profiles.push(profile)
      holders.push({ need, jobs, fromMs: nowMs, isFirm })
    }
    let most = 0
    for (let at = 0; at < holders.length; at++) {
      profiles[at]!.addHolder(holders[at]!, this.#budget)
      most = Math.max(most, timesItFits(holders[at]!.need, profiles[at]!.total))
    }
    return { jobs, most, places, profiles, holders }
  }

  /** What is held there without a request: by what runs (`times` 1), or is to be as if it did not (-1). */
  hold(place: number, need: Resources, fromMs: number, toMs: number, times: 1 | -1 = 1): void {
    this.profiles[place]!.change(need, fromMs, toMs, times)
    if (times === -1) this.#relaxed.push(place)
  }

  /** The same with what a job asks for. */
  holdNeed(place: number, need: Need, fromMs: number, toMs: number): void {
    const { total } = this.profiles[place]!
    this.hold(place, need === "whole" ? total : needOn(need, total), fromMs, toMs)
  }

  holdPieces(pieces: Pieces, fromMs: number, toMs: number, times: 1 | -1 = 1): void {
    this.#pieces.hold(pieces, fromMs, toMs, times)
  }

  /** Of which of the pieces there are too few in this moment. */
  missingPieces(pieces: Pieces): readonly string[] {
    return this.#pieces.missing(pieces)
  }

  /** Whether there is this room for a request for which others are asked now to make it. */
  hasRoomAskedFor(request: PlanRequest, room: Room): boolean {
    return this.hasRoom(request, room, false, true)
  }

  /**
   * Whether there is this room for the request.
   * @param isPromised it was found once, and may end at the very moment at which another has got room since
   * @param isAskedFor as for {@link PlanRequest.hasRoomAt}
   */
  hasRoom(request: PlanRequest, { places, startMs }: Room, isPromised = false, isAskedFor = false): boolean {
    const { limitMs } = request.asked
    const forMs = isPromised ? Math.max(0, limitMs - 1) : limitMs
    return (
      places.every((place) => request.hasRoomAt(place, startMs, forMs, isAskedFor)) &&
      this.#piecesFrom(request, startMs, forMs) === startMs
    )
  }

  /** Those that have enough in all, the first first. */
  #fitting({ need, places }: Asked, order: readonly number[]): readonly number[] {
    const has = new Uint8Array(this.profiles.length)
    for (const place of places) {
      const { total } = this.profiles[place]!
      if (need === "whole" || fits(needOn(need, total), total)) has[place] = 1
    }
    return order.filter((place) => has[place] === 1)
  }

  #change(request: PlanRequest, places: readonly number[], startMs: number, times: 1 | -1): void {
    const endMs = startMs + request.asked.limitMs
    for (const place of places) this.profiles[place]!.change(request.needOn(place), startMs, endMs, times)
    if (request.hasPieces) this.holdPieces(request.asked.pieces, startMs, endMs, times)
  }

  #findOne(request: PlanRequest, beforeMs: number): Room | null {
    const { queue } = request
    const { boundsMs, versions } = queue
    let misses = 0
    for (;;) {
      const place = queue.first
      const boundMs = boundsMs[place]!
      if (boundMs >= beforeMs || boundMs === Number.POSITIVE_INFINITY) return null
      const { version } = this.profiles[place]!
      if (versions[place] === version) return { places: [place], startMs: boundMs }
      versions[place] = version
      const startMs = request.roomOn(place, boundMs)
      if (startMs === boundMs) continue
      boundsMs[place] = startMs
      // Where most turn it down all will have to be asked, and to sort them once is less work.
      if (++misses === MANY_MISSES) this.#askAll(request, beforeMs)
      else queue.sink()
    }
  }

  /** All that may have room before then. */
  #askAll(request: PlanRequest, beforeMs: number): void {
    const { queue } = request
    const { boundsMs, versions } = queue
    for (let index = 0; index < queue.size; index++) {
      const place = queue.at(index)
      const { version } = this.profiles[place]!
      if (versions[place] === version || boundsMs[place]! >= beforeMs) continue
      versions[place] = version
      boundsMs[place] = request.roomOn(place, boundsMs[place]!)
    }
    queue.rebuild()
  }

  #findSeveral(request: PlanRequest, beforeMs: number): Room | null {
    let startMs = request.floorMs
    while (startMs < beforeMs && startMs !== Number.POSITIVE_INFINITY) {
      const piecesMs = this.#piecesFrom(request, startMs)
      if (piecesMs > startMs) startMs = piecesMs
      else {
        const { room, enoughMs } = this.#roomAt(request, startMs)
        if (enoughMs === startMs) {
          request.floorMs = startMs
          const { hosts, weights = this.#weights } = request.asked
          return { places: this.#choose(room, hosts, weights)!, startMs }
        }
        startMs = enoughMs
      }
    }
    request.floorMs = startMs
    return null
  }

  /** The hosts with room from `startMs` on where they are enough; else before when they will not be. */
  #roomAt(request: PlanRequest, startMs: number): { readonly room: HostSet; readonly enoughMs: number } {
    const { asked, queue } = request
    const { boundsMs, versions } = queue
    const room = new HostSet(this.profiles.length)
    const seen: number[] = []
    let enoughMs = startMs
    while (queue.size > 0 && (seen.length < asked.hosts || boundsMs[queue.first] === startMs)) {
      const place = queue.first
      const { version } = this.profiles[place]!
      const boundMs = boundsMs[place]!
      if (versions[place] !== version || boundMs < startMs) {
        versions[place] = version
        boundsMs[place] = request.roomOn(place, Math.max(boundMs, startMs))
        if (boundsMs[place] !== boundMs) queue.sink()
        continue
      }
      seen.push(queue.shift())
      room.add(place)
      if (seen.length === asked.hosts) enoughMs = boundMs
    }
    for (const place of seen) queue.add(place)
    return { room, enoughMs }
  }

  #piecesFrom({ asked, hasPieces }: PlanRequest, fromMs: number, forMs = asked.limitMs): number {
    return hasPieces ? this.#pieces.firstRoom(asked.pieces, fromMs, forMs) : fromMs
  }
}
