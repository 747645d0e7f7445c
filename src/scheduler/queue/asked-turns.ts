import { taskIndices } from "../request/array-tasks.ts"
import type { Found } from "./found.ts"
import type { Line } from "./line.ts"
import { endsLate } from "./misses-deadline.ts"
import type { OwnTurnsParts } from "./own-turns.ts"
import type { QueueScene } from "./queue-scene.ts"
import { ITSELF } from "./task-counts.ts"

const NOTHING_FOUND: readonly Found[] = []

/** Whether there are such turns at all. */
export function areSomeAsked({ waiting }: QueueScene): boolean {
  return waiting.some(({ roomAsked }) => roomAsked !== undefined)
}

type Parts = Pick<OwnTurnsParts, "calendar" | "requests" | "limits" | "taskCounts" | "preemptor" | "begins">

/**
 * Turns before all others, of those for whom some were asked to make room: they had their turn then, and what was planned for them stays theirs, so that
 * nobody is stopped in vain. Who finds it gone, or would be too late for it, waits for the next turn as anybody.
 */
export class AskedTurns {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** @returns what starts, or has this room for as soon as the others are gone */
  visit(line: Line): readonly Found[] {
    const { calendar, requests, limits, taskCounts, preemptor, begins } = this.#parts
    const { spec, standing } = line
    if (spec.roomAsked === undefined) return NOTHING_FOUND
    // The first first: who leaves for that one may be on a host of another, too.
    const rooms = spec.roomAsked
      .filter(({ partition }) => partition === standing.partition.name)
      .sort((a, b) => a.startMs - b.startMs)
    if (rooms.length === 0 || standing.refusal !== null || endsLate(line, calendar.grid.nowMs)) return NOTHING_FOUND
    const request = requests.of(line)
    const atOnce = spec.array?.tasks.atOnce ?? Number.POSITIVE_INFINITY
    const tasks = (spec.array === null ? ITSELF : taskIndices(spec.array.tasks))[Symbol.iterator]()
    const found: Found[] = []
    for (const room of rooms) {
      if (taskCounts.runningOf(spec) >= atOnce || limits.mayNotBegin(line, request)) break
      const taken = preemptor.underWay.take(line, request, room)
      if (taken === null) continue
      const task = tasks.next()
      if (task.done === true) break
      taskCounts.started(spec)
      found.push({ ...begins.inMadeRoom(line, request, task.value, taken, true), madeFirst: true })
    }
    return found
  }
}
