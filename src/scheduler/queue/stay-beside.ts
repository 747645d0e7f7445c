import { DEFAULT_MEMORY_BYTES, type Resources } from "../../protocol/resources.ts"
import type { Calendar } from "../calendar/calendar.ts"
import { endOf } from "./attempt-room.ts"
import type { Line } from "./line.ts"
import type { Candidate } from "./victim-order.ts"

/** Says who may stay in memory, stopped, beside a job that gets its place. Those of whom it is asked hold nothing in the calendar just then. */
export class StayBeside {
  readonly #calendar: Calendar

  constructor(calendar: Calendar) {
    this.#calendar = calendar
  }

  /**
   * Of those that are to be suspended, the ones whose memory may stay beside the job: on a host all of them or none.
   * @param endMs when the job ends at the latest
   * @param hasRoom whether it has room on a host beside what is held there
   */
  of(
    line: Line,
    victims: readonly Candidate[],
    places: readonly number[],
    endMs: number,
    hasRoom: (place: number) => boolean,
  ): ReadonlySet<Candidate> {
    const suspended = victims.filter(({ mode }) => mode === "suspend")
    const tight = places.filter((place) => {
      const here = suspended.filter((one) => one.places.includes(place))
      return here.length > 0 && !this.#fits(line, here, place, endMs, hasRoom)
    })
    return new Set(suspended.filter((one) => !one.places.some((place) => tight.includes(place))))
  }

  /** Whether by its memory alone this one could stay: nobody who is suspended gives any back, so that without that it will not. */
  hasMemory(line: Line, one: Candidate, place: number, limitMs: number): boolean {
    const { nowMs } = this.#calendar.grid
    const need = { memoryBytes: askedBy(line), gpus: 0, cores: 0 }
    const hasRoom = () => this.#calendar.profiles[place]!.hasRoomAt(need, false, limitMs, nowMs)
    return this.#fits(line, [one], place, nowMs + limitMs, hasRoom)
  }

  #fits(
    line: Line,
    here: readonly Candidate[],
    place: number,
    endMs: number,
    hasRoom: (place: number) => boolean,
  ): boolean {
    const { nowMs } = this.#calendar.grid
    const profile = this.#calendar.profiles[place]!
    const bytes = here.reduce((sum, { attempt }) => sum + attempt.resources.memoryBytes, 0)
    if (bytes === 0) return true
    if (askedBy(line) + bytes > profile.total.memoryBytes) return false
    // It ends later than was planned, and its memory must not be in the way of who has a time then.
    const stays = { memoryBytes: bytes, gpus: 0, cores: 0 }
    const untilMs = Math.max(...here.map((one) => staysUntil(one, nowMs, endMs)))
    if (profile.firstRoom(stays, false, untilMs - nowMs, nowMs) !== nowMs) return false
    if (line.spec.alone || line.spec.hasSecrets) return true
    this.#calendar.hold(place, stays, nowMs, untilMs)
    const isRoom = hasRoom(place)
    this.#calendar.hold(place, stays, nowMs, untilMs, -1)
    return isRoom
  }
}

/** When it ends at the latest that is suspended until then. */
export function staysUntil({ attempt }: Candidate, nowMs: number, endMs: number): number {
  return endOf(attempt, nowMs) + (endMs - nowMs)
}

export function memoryOf({ attempt }: Candidate): Resources {
  return { memoryBytes: attempt.resources.memoryBytes, gpus: 0, cores: 0 }
}

function askedBy({ spec }: Line): number {
  return spec.resources.memoryBytes ?? DEFAULT_MEMORY_BYTES
}
