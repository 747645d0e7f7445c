import type { JobId } from "../../protocol/ids.ts"
import { DEFAULT_MEMORY_BYTES, type Resources } from "../../protocol/resources.ts"
import type { Calendar, Room } from "../calendar/calendar.ts"
import type { PlanRequest } from "../calendar/plan-request.ts"
import { endOf, heldBy } from "./attempt-room.ts"
import { isFor } from "./host-times.ts"
import type { Line } from "./line.ts"
import type { NotSuspended } from "./queue-plan.ts"
import type { QueueScene } from "./queue-scene.ts"
import type { RunningWholes } from "./running-wholes.ts"
import type { Candidate } from "./victim-order.ts"

/** From when until when at the latest the job runs for which others are stopped. */
interface Runs {
  readonly startMs: number
  readonly endMs: number
}

/** Says who may stay in memory, stopped, beside a job that gets its place. Those of whom it is asked hold nothing in the calendar just then. */
export class StayBeside {
  readonly #calendar: Calendar
  readonly #scene: QueueScene
  readonly #running: RunningWholes

  constructor(calendar: Calendar, scene: QueueScene, running: RunningWholes) {
    this.#calendar = calendar
    this.#scene = scene
    this.#running = running
  }

  /**
   * Of those that are to be suspended, the ones that may stay beside the job: on a host all of them or none.
   * @param plan what the job asks for
   * @param startMs when it starts
   * @param hasRoom whether it has room on a host beside what is held there
   */
  of(
    line: Line,
    plan: PlanRequest,
    victims: readonly Candidate[],
    places: readonly number[],
    startMs: number,
    hasRoom: (place: number) => boolean,
  ): ReadonlySet<Candidate> {
    const runs = { startMs, endMs: startMs + plan.asked.limitMs }
    const suspended = victims.filter((one) => one.mode === "suspend" && !this.#isStoppedForAnother(one, victims))
    const tight = places.filter((place) => {
      const here = suspended.filter((one) => one.places.includes(place))
      return here.length > 0 && !this.#fits(line, here, place, plan.needOn(place), runs, hasRoom)
    })
    const staying = suspended.filter((one) => !one.places.some((place) => tight.includes(place)))
    return new Set(this.#havePieces(plan, staying, places, startMs) ? staying : staying.filter(holdsNone(plan)))
  }

  /** Whether there are pieces enough for the job beside those that they keep. */
  #havePieces(plan: PlanRequest, staying: readonly Candidate[], places: readonly number[], startMs: number): boolean {
    if (!plan.hasPieces || staying.every(holdsNone(plan))) return true
    const runs = { startMs, endMs: startMs + plan.asked.limitMs }
    this.#holdPieces(staying, runs, 1)
    const isRoom = this.#calendar.hasRoomAskedFor(plan, { places, startMs })
    this.#holdPieces(staying, runs, -1)
    return isRoom
  }

  #holdPieces(staying: Iterable<Candidate>, runs: Runs, times: 1 | -1): void {
    const { nowMs } = this.#calendar.grid
    for (const one of staying) this.#calendar.holdPieces(one.attempt.pieces, nowMs, staysUntil(one, nowMs, runs), times)
  }

  /**
   * Whether it is stopped for somebody who runs in its place, and goes on running there. For two it cannot be: of these the first to end would let it go on beside
   * the other.
   */
  #isStoppedForAnother({ attempt }: Candidate, victims: readonly Candidate[]): boolean {
    const runner = this.#running.instead.runnerFor(attempt)
    return runner !== null && victims.every((one) => one.attempt !== runner)
  }

  /** For which job one of those that stay is stopped then: where one of them runs in its place it stays so for that one, and they go on one after the other. */
  forWhom({ attempt }: Candidate, staying: ReadonlySet<Candidate>, job: JobId): JobId {
    const runner = this.#running.instead.runnerFor(attempt)
    return runner !== null && [...staying].some((one) => one.attempt === runner) ? runner.job : job
  }

  /**
   * Why one that was to be suspended cannot stay: it is stopped for somebody else who runs there, keeps what the job asks for of pieces, would run into a booking, or
   * else for want of memory.
   */
  whyNot(plan: PlanRequest, one: Candidate, victims: readonly Candidate[], startMs: number): NotSuspended {
    if (this.#isStoppedForAnother(one, victims)) return "stopped"
    if (!holdsNone(plan)(one)) return "pieces"
    return this.#meetsBooking(one, { startMs, endMs: startMs + plan.asked.limitMs }) ? "booking" : "memory"
  }

  /** Whether it would be over before a booking of its host begins that is not for it, and would not be once it has been stopped for so long. */
  #meetsBooking(one: Candidate, runs: Runs): boolean {
    const { bookings } = this.#scene
    if (bookings.length === 0) return false
    const { nowMs } = this.#calendar.grid
    const [wasOverMs, isOverMs] = [endOf(one.attempt, nowMs), staysUntil(one, nowMs, runs)]
    return bookings.some(
      (booking) =>
        wasOverMs <= booking.startMs &&
        booking.startMs < isOverMs &&
        one.attempt.hosts.some((host) => booking.hosts.has(host)) &&
        !isFor(booking, one.attempt),
    )
  }

  /** Whether by its memory alone this one could stay: nobody who is suspended gives any back, so that without that it will not. */
  hasMemory(line: Line, plan: PlanRequest, one: Candidate, place: number): boolean {
    const { nowMs } = this.#calendar.grid
    const { limitMs } = plan.asked
    const memory = { memoryBytes: askedBy(line), gpus: 0, cores: 0 }
    const hasRoom = () => this.#calendar.profiles[place]!.hasRoomAt(memory, false, limitMs, nowMs)
    return this.#fits(line, [one], place, plan.needOn(place), { startMs: nowMs, endMs: nowMs + limitMs }, hasRoom)
  }

  /**
   * Those who are stopped for a job that has its place by now keep all that they held: beside it as long as it runs, and then until they end (decision 37).
   */
  keep(staying: ReadonlySet<Candidate>, plan: PlanRequest, { places, startMs }: Room): void {
    const { nowMs } = this.#calendar.grid
    const endMs = startMs + plan.asked.limitMs
    const runs = { startMs, endMs }
    this.#holdPieces(staying, runs, 1)
    for (const place of places) {
      const here = [...staying].filter((one) => one.places.includes(place))
      if (here.length === 0) continue
      this.#calendar.hold(place, this.#heldBeside(here, place, plan.needOn(place)), nowMs, endMs)
      const fromMs = this.#goesOnMs(runs)
      for (const one of here) {
        const untilMs = staysUntil(one, nowMs, runs)
        if (untilMs > fromMs) this.#calendar.hold(place, heldBy(one.attempt, this.#scene, place), fromMs, untilMs)
      }
    }
  }

  /** All that they held there, but for what of the GPU and the cores the job takes that runs instead: nobody else can take that before they go on. */
  #heldBeside(here: readonly Candidate[], place: number, need: Resources): Resources {
    const bytes = here.reduce((sum, { attempt }) => sum + attempt.resources.memoryBytes, 0)
    const { memoryBytes, gpus, cores } = this.#leasesOf(here, place)
    return {
      // Who is alone on the host keeps all of it.
      memoryBytes: Math.max(bytes, memoryBytes - need.memoryBytes),
      gpus: Math.max(0, gpus - need.gpus),
      cores: Math.max(0, cores - need.cores),
    }
  }

  /** Of those who are stopped for another of them one runs after the other: they share the GPU and the cores. */
  #leasesOf(here: readonly Candidate[], place: number): Resources {
    const jobs = new Set<number>(here.map(({ attempt }) => attempt.job))
    const isAfter = ({ attempt: { stoppedFor = null } }: Candidate) => stoppedFor !== null && jobs.has(stoppedFor)
    let [memoryBytes, gpus, cores] = [0, 0, 0]
    for (const one of [...here.filter((each) => !isAfter(each)), ...here.filter(isAfter)]) {
      const held = heldBy(one.attempt, this.#scene, place)
      memoryBytes += held.memoryBytes
      gpus = isAfter(one) ? Math.max(gpus, held.gpus) : gpus + held.gpus
      cores = isAfter(one) ? Math.max(cores, held.cores) : cores + held.cores
    }
    return { memoryBytes, gpus, cores }
  }

  /** The step in which the job ends is the job's. */
  #goesOnMs({ endMs }: Runs): number {
    const { grid } = this.#calendar
    return endMs === Number.POSITIVE_INFINITY ? endMs : grid.msOf(grid.stepAfter(endMs))
  }

  /** Whether all of them have room for what they hold, from then until they end. */
  #mayGoOn(here: readonly Candidate[], place: number, runs: Runs): boolean {
    const { nowMs, endMs } = this.#calendar.grid
    const fromMs = this.#goesOnMs(runs)
    if (fromMs >= endMs) return true
    const untilMs = Math.max(...here.map((one) => staysUntil(one, nowMs, runs)))
    return this.#calendar.profiles[place]!.hasRoomAt(this.#leasesOf(here, place), false, untilMs - fromMs, fromMs)
  }

  #fits(
    line: Line,
    here: readonly Candidate[],
    place: number,
    need: Resources,
    runs: Runs,
    hasRoom: (place: number) => boolean,
  ): boolean {
    const { nowMs } = this.#calendar.grid
    const { endMs } = runs
    const profile = this.#calendar.profiles[place]!
    const bytes = here.reduce((sum, { attempt }) => sum + attempt.resources.memoryBytes, 0)
    if (bytes === 0) return true
    if (askedBy(line) + bytes > profile.total.memoryBytes) return false
    // It ends later than was planned, and must not be in the way of who has a time then.
    const stays = this.#heldBeside(here, place, need)
    // Of who is stopped for it already that was decided before.
    const isDecided = here.every(({ isStopped }) => isStopped)
    const kept = isDecided ? { ...stays, gpus: 0, cores: 0 } : stays
    if (profile.firstRoom(kept, false, endMs - nowMs, nowMs) !== nowMs) return false
    if (!isDecided && here.some((one) => this.#meetsBooking(one, runs))) return false
    if (!isDecided && !this.#mayGoOn(here, place, runs)) return false
    if (line.spec.alone || line.spec.hasSecrets) return true
    this.#calendar.hold(place, kept, nowMs, endMs)
    const isRoom = hasRoom(place)
    this.#calendar.hold(place, kept, nowMs, endMs, -1)
    return isRoom
  }
}

/** Whether it holds no pieces that the job asks for. */
function holdsNone({ asked }: PlanRequest): (one: Candidate) => boolean {
  return ({ attempt }) => Object.keys(asked.pieces).every((name) => (attempt.pieces[name] ?? 0) === 0)
}

/** When it ends at the latest that is suspended until then. In the limit of who is stopped for the job already is what that may run. */
function staysUntil({ attempt, isStopped }: Candidate, nowMs: number, { startMs, endMs }: Runs): number {
  return endOf(attempt, nowMs) + ((isStopped ? startMs : endMs) - nowMs)
}

function askedBy({ spec }: Line): number {
  return spec.resources.memoryBytes ?? DEFAULT_MEMORY_BYTES
}
