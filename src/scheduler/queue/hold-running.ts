import type { Calendar } from "../calendar/calendar.ts"
import { endOf, heldBy } from "./attempt-room.ts"
import type { QueueScene } from "./queue-scene.ts"

/** Takes for what runs what it holds, until it ends. */
export function holdRunning(calendar: Calendar, scene: QueueScene, nowMs: number): void {
  const places = new Map(scene.hosts.map(({ id }, place) => [id, place]))
  for (const attempt of scene.running) {
    const endMs = endOf(attempt, nowMs)
    for (const place of attempt.hosts.flatMap((id) => places.get(id) ?? []))
      calendar.hold(place, heldBy(attempt, scene, place), nowMs, endMs)
    calendar.holdPieces(attempt.pieces, nowMs, endMs)
  }
}
