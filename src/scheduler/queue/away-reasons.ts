import { formatDuration } from "../../base/duration.ts"
import { COULD_START, limitBefore, runsIntoText } from "../bookings/kept-text.ts"
import type { Calendar } from "../calendar/calendar.ts"
import { hostObstacles, type Obstacle } from "../obstacle.ts"
import { countByKind, kindOf } from "../obstacle-kinds.ts"
import { describeObstacle } from "../obstacle-text.ts"
import { admits } from "./host-times.ts"
import type { Line } from "./line.ts"
import type { LineRequest } from "./line-request.ts"
import type { AwayCode, WaitReason } from "./queue-plan.ts"
import type { HostBooking, QueueScene } from "./queue-scene.ts"
import { shapeOf } from "./requests.ts"

interface Away {
  readonly code: AwayCode
  readonly place: number
  readonly booking: HostBooking | undefined
}

const SHORT_ALL_THE_SAME = "; and without that there would be too little room now"
const RESOURCES: WaitReason = { code: "resources" }

/** Tells room that jobs take from hosts that take no jobs. */
export class AwayReasons {
  readonly #scene: QueueScene
  readonly #nowMs: number
  /** By place, what keeps every job off the host. */
  readonly #obstacles: readonly (readonly Obstacle[])[]
  /** Every host takes every job that there is. */
  readonly #none: boolean
  readonly #calendar: Calendar

  constructor(scene: QueueScene, calendar: Calendar) {
    this.#scene = scene
    this.#calendar = calendar
    this.#nowMs = calendar.grid.nowMs
    this.#obstacles = scene.hosts.map((host) => hostObstacles(host))
    this.#none = scene.bookings.length === 0 && this.#obstacles.every(({ length }) => length === 0)
  }

  /**
   * Why a line has no room now: where too few hosts that it could use take it, whatever room they have, the reason is theirs. The code is that of the
   * nearest with which they would be enough.
   */
  reasonOf(line: Line, request: LineRequest): WaitReason {
    if (this.#none) return RESOURCES
    if (request.noRoom !== undefined) return request.noRoom
    const found = this.#find(line, request)
    // What is said of room holds for this moment alone.
    if (!("away" in found) || found.away?.includes(COULD_START) !== true) request.noRoom = found
    return found
  }

  #find(line: Line, request: LineRequest): WaitReason {
    const { places, possible } = request
    const { spec, limitMs } = line
    const untilMs = this.#nowMs + limitMs
    const bookings = this.#scene.bookings
      .filter((one) => one.startMs < untilMs && one.endMs > this.#nowMs && !admits(one, spec))
      .sort((a, b) => a.startMs - b.startMs)
    const away: Away[] = []
    for (const place of places) {
      const booking = bookings.length === 0 ? undefined : this.#bookingOf(bookings, place)
      const code = (this.#obstacles[place]![0]?.code ?? (booking && "booked")) as AwayCode | undefined
      if (code !== undefined) away.push({ code, place, booking })
    }
    if (away.length === 0) return RESOURCES
    away.sort((a, b) => kindOf(a.code) - kindOf(b.code))
    const taking = possible - away.length
    const codes = away.map(({ code }) => code)
    if (taking >= spec.hosts) return { code: "resources", away: countByKind(codes, false), taking, possible }
    // Of few hosts it is said what there is to say.
    const said =
      possible <= 2
        ? away.map((one) => this.#textOf(one, line, request)).join(", ")
        : `of ${possible} hosts it could use, ${countByKind(codes, taking === 0)}`
    const others =
      taking === 0 ? "" : `; ${taking} ${taking === 1 ? "takes" : "take"} jobs, of ${spec.hosts} it asks for at once`
    const { code } = away[spec.hosts - taking - 1]!
    // Who is told of bookings alone would wait for nothing when they are taken away.
    const mayBeShort = code === "booked" && !said.includes(COULD_START)
    const short = mayBeShort && !this.#hasRoomBut(away, request) ? SHORT_ALL_THE_SAME : ""
    return { code, away: `${said}${others}${short}` }
  }

  /** Whether it had room now, were it not for bookings. Once for all that ask the same: who starts meanwhile makes none. */
  #hasRoomBut(away: readonly Away[], { plan: { asked } }: LineRequest): boolean {
    const booked = new Set(away.flatMap(({ code, place }) => (code === "booked" ? place : [])))
    const closed = asked.closed.map((times, place) => (booked.has(place) ? [] : times))
    return this.#calendar.findNow(this.#calendar.request({ ...asked, closed })) !== null
  }

  #bookingOf(bookings: readonly HostBooking[], place: number): HostBooking | undefined {
    const { id } = this.#scene.hosts[place]!
    return bookings.find(({ hosts }) => hosts.has(id))
  }

  #textOf({ place, booking }: Away, { spec, standing, limitMs }: Line, request: LineRequest): string {
    const host = this.#scene.hosts[place]!
    const shape = shapeOf(spec, standing.partition.name)
    const texts = this.#obstacles[place]!.map((one) => describeObstacle(one, host, shape, this.#nowMs))
    if (booking !== undefined) {
      const withMs = this.#startsWith(place, booking, request)
      texts.push(bookedText({ ...booking, hasLimit: Number.isFinite(limitMs) }, this.#nowMs, withMs))
    }
    return `${host.name}: ${texts.join("; ")}`
  }

  /** The time limit with which it would be over before the booking begins there, if with that it had room now; else 0. */
  #startsWith(place: number, { startMs }: HostBooking, { plan: { asked } }: LineRequest): number {
    const limitMs = limitBefore(startMs - this.#nowMs)
    if (limitMs === 0) return 0
    const places = asked.hosts > 1 ? asked.places : [place]
    const shorter = this.#calendar.request({ ...asked, limitMs, places })
    return this.#calendar.findNow(shorter) === null ? 0 : limitMs
  }
}

/** The time of a booking that keeps a job off a host, as words need it. */
export interface BookedThen extends Pick<HostBooking, "name" | "startMs" | "endMs"> {
  /** Whether the job has a time limit; `null`: another booking keeps it off before. */
  readonly hasLimit: boolean | null
}

/**
 * That others have the host booked, as the end of "studio1: ...".
 * @param limitMs the time limit with which the job could start there now; 0: it could not
 */
export function bookedText({ name, startMs, endMs, hasLimit }: BookedThen, nowMs: number, limitMs: number): string {
  if (startMs <= nowMs) return `kept for ${name} for ${formatDuration(endMs - nowMs)} more`
  const text = `kept for ${name} for ${formatDuration(endMs - startMs)}, in ${formatDuration(startMs - nowMs)}`
  return hasLimit === null ? text : `${text}; ${runsIntoText(hasLimit, limitMs)}`
}
