import type { HostId } from "../../protocol/ids.ts"
import type { Closed, NoStart } from "../calendar/plan-request.ts"
import { hostObstacles, OWNER_CODES } from "../obstacle.ts"
import type { HostBooking, QueueHost, QueueJob, QueueScene } from "./queue-scene.ts"

interface ClosedTo {
  readonly key: string
  readonly closed: readonly (readonly Closed[])[]
}
/**
 * For so long a job without a time limit is taken to run, as in the simulated months of bench/simulator. Taken for endless, such jobs would leave small
 * Macs to their owners night after night and fill the large ones.
 */
const ENDLESS_COUNTS_MS = 3 * 3_600_000

/** When hosts are not to be had: as they are now, as their owners are expected, and as others have them booked. */
export class HostTimes {
  /** By place: when no start is planned, though one may be made now, as far as plans look. */
  readonly noStarts: readonly (readonly NoStart[])[]
  readonly #scene: QueueScene
  readonly #nowMs: number
  readonly #away: readonly (Closed | null)[]
  readonly #places: ReadonlyMap<string, number>
  readonly #byAdmission = new Map<string, ClosedTo>()
  /** Where nothing is booked the same is closed to all. */
  #always: ClosedTo | undefined
  readonly #hasExpected: boolean
  readonly #noStartsByBooking = new Map<string, HostTimes["noStarts"]>()
  readonly #lateByLimit = new Map<number, Uint8Array | undefined>()

  constructor(scene: QueueScene, nowMs: number) {
    this.#scene = scene
    this.#nowMs = nowMs
    this.#places = new Map(scene.hosts.map(({ id }, place) => [id, place]))
    this.#away = scene.hosts.map((host) => awayOf(host, nowMs))
    const endMs = nowMs + scene.policy.backfill.windowMs
    this.noStarts = scene.hosts.map(({ expected }) => expected.filter(({ startMs }) => startMs <= endMs))
    this.#hasExpected = scene.hosts.some(({ expected }) => expected.length > 0)
  }

  /**
   * By place, 1 where a job that starts now would still be there when people usually are: it goes elsewhere if it can. `undefined`: nowhere.
   */
  lateFor(limitMs: number): Uint8Array | undefined {
    if (!this.#hasExpected) return undefined
    if (!this.#lateByLimit.has(limitMs)) this.#lateByLimit.set(limitMs, this.#late(limitMs))
    return this.#lateByLimit.get(limitMs)
  }

  #late(limitMs: number): Uint8Array | undefined {
    const untilMs = this.#nowMs + (limitMs === Number.POSITIVE_INFINITY ? ENDLESS_COUNTS_MS : limitMs)
    const late = Uint8Array.from(this.#scene.hosts, ({ expected }) =>
      Number(expected.some(({ startMs, endMs }) => startMs < untilMs && endMs > this.#nowMs)),
    )
    return late.includes(1) && late.includes(0) ? late : undefined
  }

  /** By place, in order of time, when no start of the job is planned: what runs in a booking begins while that is on, and may last longer. */
  noStartsOf({ booking }: QueueJob): HostTimes["noStarts"] {
    if (booking === null) return this.noStarts
    let known = this.#noStartsByBooking.get(booking)
    if (known === undefined) {
      known = this.#scene.hosts.map(({ id }, place) =>
        [...this.noStarts[place]!, ...between(timesOf(this.#scene, booking, id, this.#nowMs))].sort(
          (a, b) => a.startMs - b.startMs,
        ),
      )
      this.#noStartsByBooking.set(booking, known)
    }
    return known
  }

  /** By place, what is closed to the job, in order of time; and a text that is the same for all to whom the same is closed. */
  closedTo(job: QueueJob): ClosedTo {
    const { bookings } = this.#scene
    // Only who is planned for before its time comes.
    const beginMs = job.beginMs !== null && job.beginMs > this.#nowMs ? job.beginMs : null
    if (bookings.length === 0 && job.booking === null && beginMs === null && this.#always !== undefined)
      return this.#always
    const admitted = bookings.map((booking) => (admits(booking, job) ? "1" : "0")).join("")
    const inIt = job.booking === null ? admitted : `${admitted} ${job.booking}`
    const key = beginMs === null ? inIt : `${inIt} from ${beginMs}`
    let known = this.#byAdmission.get(key)
    if (known === undefined) {
      const made = this.#away.map((away) => (away === null ? [] : [away]))
      for (const booking of bookings) {
        if (admits(booking, job) || booking.endMs <= this.#nowMs) continue
        for (const host of booking.hosts) made[this.#places.get(host) ?? -1]?.push(booking)
      }
      if (job.booking !== null) {
        for (const [place, { id }] of this.#scene.hosts.entries()) {
          const [first] = timesOf(this.#scene, job.booking, id, this.#nowMs)
          if (first !== undefined && first.startMs > this.#nowMs)
            made[place]!.push({ startMs: this.#nowMs, endMs: first.startMs })
        }
      }
      if (beginMs !== null) for (const each of made) each.push({ startMs: this.#nowMs, endMs: beginMs })
      known = { key, closed: made.map((each) => each.sort((a, b) => a.startMs - b.startMs)) }
      this.#byAdmission.set(key, known)
      if (key === "") this.#always = known
    }
    return known
  }
}

/** Times of the booking on the host that are not over, in order. */
export function timesOf(
  { bookings }: QueueScene,
  booking: string,
  host: HostId,
  nowMs: number,
): readonly HostBooking[] {
  return bookings
    .filter(({ name, hosts, endMs }) => name === booking && hosts.has(host) && endMs > nowMs)
    .sort((a, b) => a.startMs - b.startMs)
}

/** What lies between these times, and after them. */
function between(times: readonly Closed[]): NoStart[] {
  return times.flatMap(({ endMs }, at) => {
    const untilMs = times[at + 1]?.startMs ?? Number.POSITIVE_INFINITY
    return endMs < untilMs ? [{ startMs: endMs, endMs: untilMs, isFirm: true }] : []
  })
}

/** Whether the booking does not keep the job out. */
export function admits(booking: HostBooking, job: QueueJob): boolean {
  return job.booking === booking.name || isFor(booking, job)
}

/** Whether it is for whose job this is. */
export function isFor({ users, accounts }: HostBooking, job: Pick<QueueJob, "user" | "account">): boolean {
  return users.includes(job.user) || accounts.includes(job.account)
}

/**
 * From now until when the host takes no jobs; `null` when it does. Where nobody knows how long that lasts it is for as long as is planned, but
 * for an owner who is there at a time at which that was expected: then it is to the end of that time.
 */
export function awayOf(host: QueueHost, nowMs: number): Closed | null {
  const obstacles = hostObstacles(host)
  if (obstacles.length === 0) return null
  const expected = host.expected.find(({ startMs, endMs }) => startMs <= nowMs && nowMs < endMs)
  const ends = obstacles.map((obstacle) => {
    if ("until" in obstacle && obstacle.until !== null) return Math.max(obstacle.until, nowMs + 1)
    const isOwner = OWNER_CODES.some((code) => code === obstacle.code)
    return isOwner && expected !== undefined ? expected.endMs : Number.POSITIVE_INFINITY
  })
  return { startMs: nowMs, endMs: Math.max(...ends) }
}
