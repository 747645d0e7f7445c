import type { RoomAsked } from "../../protocol/queue-request.ts"
import { taskIndices } from "../request/array-tasks.ts"
import type { Found } from "./found.ts"
import type { Line } from "./line.ts"
import { endsLate } from "./misses-deadline.ts"
import type { OwnTurnsParts } from "./own-turns.ts"
import type { QueueScene } from "./queue-scene.ts"

/** One room that was asked for, and the line of whose right that was. */
interface Asked {
  readonly line: Line
  /** Where that stands in the queue. */
  readonly at: number
  readonly room: RoomAsked
}

/** What a line has that was made for it. */
export interface AskedFound extends Omit<Asked, "room"> {
  readonly found: Found
}

const NOTHING_FOUND: readonly AskedFound[] = []

type Parts = Pick<OwnTurnsParts, "calendar" | "requests" | "limits" | "earlier" | "taskCounts" | "preemptor" | "begins">

/**
 * Turns before all others, of those for whom some were asked to make room: they had their turn then, and what was planned for them stays theirs, so that
 * nobody is stopped in vain. Who finds it gone, or would be too late for it, waits for the next turn as anybody.
 */
export class AskedTurns {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /**
   * In order of the time that each room is for, wherever their lines stand: who has it first counts on nobody who comes after, be it that the same one leaves for both.
   * @param lines all of the scene's, in order of the queue
   * @returns what starts, or has its room for as soon as the others are gone
   */
  visitAll({ waiting }: QueueScene, lines: readonly Line[]): readonly AskedFound[] {
    const all: Asked[] = []
    if (waiting.every(({ roomAsked }) => roomAsked === undefined)) return NOTHING_FOUND
    for (let at = 0; at < lines.length; at++) {
      const line = lines[at]!
      const { roomAsked } = line.spec
      if (roomAsked === undefined) continue
      for (const room of roomAsked) if (room.partition === line.standing.partition.name) all.push({ line, at, room })
    }
    all.sort((a, b) => a.room.startMs - b.room.startMs)
    const lastOf = new Map(all.map((one) => [one.line.spec, one]))
    return all.flatMap((one) => {
      const { line, at } = one
      const found = this.#visit(one, lastOf.get(line.spec) === one)
      return found === null ? [] : { line, at, found }
    })
  }

  #visit({ line, room }: Asked, isLast: boolean): Found | null {
    const { calendar, requests, limits, earlier, taskCounts, preemptor, begins } = this.#parts
    const { spec, standing } = line
    const { begun } = earlier.of(spec) ?? { begun: 0 }
    if (begun === (spec.array?.tasks.count ?? 1)) return null
    if (standing.refusal !== null || endsLate(line, calendar.grid.nowMs)) return null
    const request = requests.of(line)
    const atOnce = spec.array?.tasks.atOnce ?? Number.POSITIVE_INFINITY
    if (taskCounts.runningOf(spec) >= atOnce || limits.mayNotBegin(line, request)) return null
    const taken = preemptor.underWay.take(line, request, room, isLast)
    if (taken === null) return null
    taskCounts.started(spec)
    // The first of those for which nothing was found yet: they are all the same.
    const task = spec.array === null ? null : [...taskIndices(spec.array.tasks).take(begun + 1)][begun]!
    return { ...begins.inMadeRoom(line, request, task, taken, true), madeFirst: true }
  }
}
