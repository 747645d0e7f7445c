import { fits, needOn } from "../../protocol/resources.ts"
import type { Calendar } from "../calendar/calendar.ts"
import type { Need } from "../calendar/need.ts"
import type { Asked, PlanRequest } from "../calendar/plan-request.ts"
import { couldRunOn, isByRules, lastingObstacles } from "../obstacle.ts"
import type { Shape } from "../shape.ts"
import { piecesKey } from "./asking.ts"
import { type Found, waiting } from "./found.ts"
import type { HostTimes } from "./host-times.ts"
import { lackingPieces } from "./lacking-pieces.ts"
import type { Line } from "./line.ts"
import { LineRequest } from "./line-request.ts"
import { Preferences } from "./preferences.ts"
import type { WaitReason } from "./queue-plan.ts"
import type { QueueHost, QueueJob, QueueScene } from "./queue-scene.ts"
import { isTakenThroughout } from "./taken-throughout.ts"
import { Way } from "./way.ts"

const NOWHERE: readonly number[] = []

/** What is found at the end of a way, and on it: where those may run who take it, and what they ask for. */
interface Known {
  places?: readonly number[]
  request?: LineRequest
}

/** What those ask for who ask alike, whoever they are. */
export class Requests {
  readonly #scene: QueueScene
  readonly #calendar: Calendar
  readonly #times: HostTimes
  /** By the number of what the lines ask. */
  readonly #ofAsking: (LineRequest | undefined)[] = []
  readonly #ways = new Way<Known>()
  readonly #plain: boolean
  readonly #preferences: Preferences

  constructor(scene: QueueScene, calendar: Calendar, times: HostTimes) {
    this.#scene = scene
    this.#calendar = calendar
    this.#times = times
    this.#preferences = new Preferences(scene.hosts)
    this.#plain = scene.hosts.every(({ users }) => users === null)
  }

  of(line: Line): LineRequest {
    const { index } = line.asking
    let request = this.#ofAsking[index]
    if (request === undefined) {
      request = this.#find(line)
      this.#ofAsking[index] = request
    }
    return request
  }

  /** Why it finds too few hosts whatever ends: they could not run it, or only rules that were said of some keep it off, which may be taken back. */
  tooFew({ spec, standing }: Line, request: LineRequest): WaitReason {
    if (request.tooFew !== undefined) return request.tooFew
    const { possible } = request
    const lacking = lackingPieces(this.#scene, spec)
    request.tooFew =
      lacking.length > 0
        ? { code: "never_fits", asked: spec.hosts, possible, lacking }
        : tooFewHosts(this.#scene, spec, standing.partition.name, possible)
    return request.tooFew
  }

  /**
   * Who runs in a booking and would have a time, but none while that is on, or whose hosts are taken for all of it: why it waits. `null`: it is not
   * for that.
   */
  bookingEnds({ spec }: Line, { plan: { asked } }: LineRequest): Found | null {
    const { booking } = spec
    if (booking === null) return null
    const anyTime = this.#calendar.request({ ...asked, noStarts: this.#times.noStarts })
    const isFull =
      this.#calendar.find(anyTime, Number.POSITIVE_INFINITY) !== null ||
      isTakenThroughout(this.#scene, this.#calendar.grid, spec, booking, asked.places)
    return isFull ? waiting({ code: "booking_full", booking }) : null
  }

  /** The same, on each host not before a moment. */
  notBefore({ plan: { asked } }: LineRequest, fromMs: (place: number) => number): PlanRequest {
    const { nowMs } = this.#calendar.grid
    const closed = asked.closed.map((times, place) => {
      const endMs = fromMs(place)
      return endMs > nowMs ? [{ startMs: nowMs, endMs }, ...times] : times
    })
    return this.#calendar.request({ ...asked, closed })
  }

  #find({ spec, limitMs, standing }: Line): LineRequest {
    const partition = standing.partition.name
    const need = needOf(spec)
    const { memoryBytes, gpus, cores } = spec.resources
    const amounts = this.#ways.to(partition).to(memoryBytes).to(gpus).to(cores)
    const more = this.#moreOf(spec)
    // Most jobs are plain: their ways end here.
    const where = more === "" && need !== "whole" ? amounts : amounts.to(need === "whole").to(more)
    const { key, closed } = this.#times.closedTo(spec)
    const ranking = this.#preferences.rankingFor(standing)
    const pieces = piecesKey(spec)
    const times = where.to(spec.hosts).to(limitMs)
    const way = key === "" && ranking === null && pieces === "" ? times : times.to(key).to(ranking?.key).to(pieces)
    way.end ??= {}
    way.end.request ??= this.#request({
      spec,
      limitMs,
      need,
      closed,
      places: this.#placesOf(where, spec, partition),
      weights: ranking?.weights,
    })
    return way.end.request
  }

  #request({
    spec,
    limitMs,
    need,
    closed,
    places,
    weights,
  }: Pick<Line, "spec" | "limitMs"> & Pick<Asked, "need" | "closed" | "places" | "weights">): LineRequest {
    const { hosts, pieces } = spec
    // What asks for more than the pool has of something can run nowhere.
    const found = lackingPieces(this.#scene, spec).length > 0 ? NOWHERE : places
    const asked = {
      hosts,
      need,
      pieces,
      limitMs,
      places: need === "whole" ? this.#withRoomFor(spec, found) : found,
      closed,
      noStarts: this.#times.noStartsOf(spec),
      late: this.#times.lateFor(limitMs),
      weights,
    }
    return new LineRequest(this.#calendar.request(asked), found)
  }

  /** Who takes all of a host still has to find there what it asks for. */
  #withRoomFor({ resources }: QueueJob, places: readonly number[]): readonly number[] {
    return places.filter((place) => {
      const { total } = this.#calendar.profiles[place]!
      return fits(needOn(resources, total), total)
    })
  }

  /** What else decides which hosts are its own, in words; nothing for most. */
  #moreOf({ user, hostsWanted, booking, data, crashes = [] }: QueueJob): string {
    const isPlain = hostsWanted === null && booking === null && data.length === 0 && crashes.length === 0
    const userHere = this.#plain ? "" : user
    return isPlain ? userHere : JSON.stringify([userHere, hostsWanted, booking, data, crashes])
  }

  #placesOf(way: Way<Known>, job: QueueJob, partition: string): readonly number[] {
    way.end ??= {}
    if (way.end.places === undefined) {
      const shape = shapeOf(job, partition)
      way.end.places = this.#scene.hosts.flatMap((host, place) =>
        canEverRun(this.#scene, job, shape, host) ? place : [],
      )
    }
    return way.end.places
  }
}

/** Secrets and other users' jobs do not meet on a host: a job with secrets is alone there. */
export function needOf({ alone, hasSecrets, resources }: QueueJob): Need {
  return alone || hasSecrets ? "whole" : resources
}

export function shapeOf(job: QueueJob, partition: string): Shape {
  const { user, resources, hasSecrets, data, hostsWanted } = job
  const hostWanted = hostsWanted?.length === 1 ? hostsWanted[0]! : null
  const more = job.crashes === undefined ? {} : { crashes: job.crashes }
  return { user, resources, partition, hostWanted, hasSecrets, data, workspace: job.workspace ?? null, ...more }
}

export function isWanted({ hostsWanted }: QueueJob, { id, name }: QueueHost): boolean {
  return hostsWanted === null || hostsWanted.includes(id) || hostsWanted.includes(name)
}

/** Whether the job runs in the booking it asks for there; true where it asks for none. */
export function isBookedFor(scene: QueueScene, { booking }: QueueJob, { id }: QueueHost): boolean {
  return booking === null || scene.bookings.some(({ name, hosts }) => name === booking && hosts.has(id))
}

/** Why a job waits for which only so many hosts are possible as partition and pool stand: fewer than it asks for. */
export function tooFewHosts(scene: QueueScene, job: QueueJob, partition: string, possible: number): WaitReason {
  const shape = shapeOf(job, partition)
  const barred = scene.hosts.filter((host) => {
    if (!isWanted(job, host) || !isBookedFor(scene, job, host)) return false
    const lasting = lastingObstacles(shape, host)
    return lasting.length > 0 && lasting.every(isByRules)
  })
  const code = possible + barred.length < job.hosts ? "never_fits" : "rules_forbid"
  return { code, asked: job.hosts, possible, ...(scene.hosts.length === 0 ? { isNoPool: true } : {}) }
}

/** @param shape of the job in one of its partitions */
export function canEverRun(scene: QueueScene, job: QueueJob, shape: Shape, host: QueueHost): boolean {
  return isWanted(job, host) && isBookedFor(scene, job, host) && couldRunOn(shape, host)
}
