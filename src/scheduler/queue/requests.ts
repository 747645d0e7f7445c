import type { HostId } from "../../protocol/ids.ts"
import { fits, needOn } from "../../protocol/resources.ts"
import type { Calendar } from "../calendar/calendar.ts"
import { type Need, needText } from "../calendar/need.ts"
import type { PlanRequest } from "../calendar/plan-request.ts"
import { isByRules, lastingObstacles } from "../obstacle.ts"
import type { Shape } from "../shape.ts"
import type { HostTimes } from "./host-times.ts"
import type { Line } from "./line.ts"
import type { WaitReason } from "./queue-plan.ts"
import type { QueueHost, QueueJob, QueueScene } from "./queue-scene.ts"

/** What lines that ask alike ask for. Two of them are interchangeable: where and when one may run the other may. */
export interface LineRequest {
  readonly plan: PlanRequest
  /** How many hosts could ever run it. */
  readonly possible: number
  /** Counts starts: what was found of room at that count holds. */
  roomSeen: number
  hasRoomNow: boolean
  /** Where its jobs without a time hold their places. */
  heldHosts: readonly HostId[] | null
}

export class Requests {
  readonly #scene: QueueScene
  readonly #calendar: Calendar
  readonly #times: HostTimes
  readonly #byLine = new Map<Line, LineRequest>()
  readonly #known = new Map<string, LineRequest>()
  readonly #places = new Map<string, readonly number[]>()
  readonly #plain: boolean

  constructor(scene: QueueScene, calendar: Calendar, times: HostTimes) {
    this.#scene = scene
    this.#calendar = calendar
    this.#times = times
    this.#plain = scene.hosts.every(({ users }) => users === null)
  }

  of(line: Line): LineRequest {
    let request = this.#byLine.get(line)
    if (request === undefined) {
      request = this.#find(line)
      this.#byLine.set(line, request)
    }
    return request
  }

  /** Why it finds too few hosts whatever ends: they could not run it, or only rules that were said of some keep it off, which may be taken back. */
  tooFew(line: Line): WaitReason {
    const { spec, standing } = line
    const { possible } = this.of(line)
    const shape = shapeOf(spec, standing.partition.name)
    const barred = this.#scene.hosts.filter((host) => {
      if (!isWanted(spec, host) || !isBookedFor(this.#scene, spec, host)) return false
      const lasting = lastingObstacles(shape, host)
      return lasting.length > 0 && lasting.every(isByRules)
    })
    const code = possible + barred.length < spec.hosts ? "never_fits" : "rules_forbid"
    return { code, asked: spec.hosts, possible }
  }

  #find(line: Line): LineRequest {
    const { spec, limitMs, standing } = line
    const partition = standing.partition.name
    const need = needOf(spec)
    const { key: admission, closed } = this.#times.closedTo(spec)
    const where = `${needText(need)} ${this.#placesKey(spec, partition, need)}`
    const key = `${where}\n${spec.hosts} ${limitMs} ${admission} ${piecesKey(spec)}`
    let request = this.#known.get(key)
    if (request === undefined) {
      const places = this.#placesOf(where, spec, partition)
      const { hosts, pieces } = spec
      const asked = {
        hosts,
        need,
        pieces,
        limitMs,
        places: need === "whole" ? this.#withRoomFor(spec, places) : places,
        closed,
        noStarts: this.#times.noStarts,
      }
      request = {
        plan: this.#calendar.request(asked),
        possible: places.length,
        roomSeen: -1,
        hasRoomNow: false,
        heldHosts: null,
      }
      this.#known.set(key, request)
    }
    return request
  }

  /** Who takes all of a host still has to find there what it asks for. */
  #withRoomFor({ resources }: QueueJob, places: readonly number[]): readonly number[] {
    return places.filter((place) => {
      const { total } = this.#calendar.profiles[place]!
      return fits(needOn(resources, total), total)
    })
  }

  #placesKey(job: QueueJob, partition: string, need: Need): string {
    const { hostsWanted, booking, data, workspace, crashes = [], resources } = job
    const user = this.#plain ? "" : job.user
    const hasMore =
      hostsWanted !== null || booking !== null || data.length > 0 || workspace != null || crashes.length > 0
    const alone = need === "whole" ? needText(resources) : ""
    if (!hasMore) return `${partition}\n${user}\n${alone}`
    return JSON.stringify([partition, user, alone, hostsWanted, booking, data, crashes])
  }

  #placesOf(key: string, job: QueueJob, partition: string): readonly number[] {
    let places = this.#places.get(key)
    if (places === undefined) {
      const shape = shapeOf(job, partition)
      places = this.#scene.hosts.flatMap((host, place) => (canEverRun(this.#scene, job, shape, host) ? place : []))
      this.#places.set(key, places)
    }
    return places
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

function canEverRun(scene: QueueScene, job: QueueJob, shape: Shape, host: QueueHost): boolean {
  return isWanted(job, host) && isBookedFor(scene, job, host) && lastingObstacles(shape, host).length === 0
}

function piecesKey({ pieces }: QueueJob): string {
  for (const _ in pieces) return JSON.stringify(pieces)
  return ""
}
