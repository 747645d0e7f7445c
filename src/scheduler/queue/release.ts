import type { Calendar } from "../calendar/calendar.ts"
import { endOf, heldBy } from "./attempt-room.ts"
import type { QueueScene } from "./queue-scene.ts"
import type { RunningWholes } from "./running-wholes.ts"
import type { Candidate } from "./victim-order.ts"

/**
 * Lets go in the calendar of all that these hold (`times` -1), or takes it for them again (1).
 * @param untilMs when that ends; absent: as long as each of them holds it
 */
export function release(
  calendar: Calendar,
  scene: QueueScene,
  running: RunningWholes,
  some: readonly Candidate[],
  times: 1 | -1,
  untilMs?: number,
): void {
  const { nowMs } = calendar.grid
  for (const { attempt } of some) running.instead.changed(attempt, times)
  for (const part of some.flatMap(({ attempt }) => running.partsOf(attempt))) {
    const endMs = untilMs ?? endOf(part, nowMs)
    for (const place of running.placesOf(part, [part]))
      calendar.hold(place, heldBy(part, scene, place), nowMs, endMs, times)
    calendar.holdPieces(part.pieces, nowMs, endMs, times)
  }
}
