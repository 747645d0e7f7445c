import type { Room } from "../calendar/calendar.ts"
import type { Answers } from "./answers.ts"
import type { Found } from "./found.ts"
import type { Line } from "./line.ts"
import type { QueuePass } from "./queue-pass.ts"

/** Why somebody waits whom others of the same partition may not pass, where nobody may pass who waits. */
const WAITS_FOR_ROOM: ReadonlySet<string> = new Set(["in_turn", "resources", "priority", "pieces"])

/**
 * Says of jobs without a time about when they may start. Each is planned behind those before it; and where a rule of the queue keeps it behind others,
 * not before these. Where nobody can say when they start, neither when it does.
 */
export class Estimates {
  readonly #pass: QueuePass
  readonly #isStrict: boolean
  /** By partition, when the last of those starts that wait in it so far; Infinity: nobody knows. */
  readonly #byPartition = new Map<string, number>()
  /** The same by place, in strict order. */
  readonly #byPlace: number[] = []

  constructor(pass: QueuePass) {
    this.#pass = pass
    this.#isStrict = !pass.scene.policy.backfill.enabled
  }

  /** @param beyond where those lines stand that have no time, in order */
  add(order: readonly Line[], answers: Answers, beyond: readonly number[]): void {
    let next = 0
    for (let at = 0; at < order.length && next < beyond.length; at++) {
      const line = order[at]!
      const found = answers.of(at)
      const isBeyond = beyond[next] === at
      if (isBeyond) next++
      if (found === undefined) continue
      const room = isBeyond && (found.room === null || found.isEstimate) ? this.#roomOf(line, found) : null
      // In several partitions it is the first of its times.
      if (room !== null && !(found.isEstimate && found.room!.startMs <= room.startMs))
        answers.replace(at, { ...found, room, isStart: false, isEstimate: true })
      this.#note(line, answers.allOf(at))
    }
  }

  #roomOf(line: Line, { reason }: Found): Room | null {
    const { requests, calendar } = this.#pass
    const request = requests.of(line)
    const fromMs = this.#byPartition.get(line.standing.partition.name) ?? 0
    const plan =
      reason?.code === "in_turn"
        ? requests.notBefore(request, (place) => Math.max(fromMs, this.#byPlace[place] ?? 0))
        : request.plan
    const room = calendar.find(plan, Number.POSITIVE_INFINITY)
    // Nothing is kept for it but in the eyes of those behind it.
    if (room !== null) calendar.take(plan, room)
    return room
  }

  /** Who waits keeps back those behind it, as it does in the queue. */
  #note(line: Line, all: readonly Found[]): void {
    const { spec, standing } = line
    if (spec.booking !== null || standing.qos.noReserve) return
    let lastMs = 0
    for (const { room, isStart, reason } of all) {
      if (isStart || reason === null) continue
      if (room !== null) lastMs = Math.max(lastMs, room.startMs)
      else if (spec.array === null && ("away" in reason || WAITS_FOR_ROOM.has(reason.code)))
        lastMs = Number.POSITIVE_INFINITY
    }
    if (lastMs === 0) return
    const partition = standing.partition.name
    if (!this.#isStrict || spec.hostsWanted === null)
      this.#byPartition.set(partition, Math.max(this.#byPartition.get(partition) ?? 0, lastMs))
    if (this.#isStrict)
      for (const place of this.#pass.requests.of(line).places)
        this.#byPlace[place] = Math.max(this.#byPlace[place] ?? 0, lastMs)
  }
}
