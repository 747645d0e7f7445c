import { limitBefore } from "../bookings/kept-text.ts"
import { admits } from "./host-times.ts"
import type { QueueJob, QueueScene } from "./queue-scene.ts"

/** Time limits with which the job, were it to start now, would be over before the next booking of others begins on a host; each once. */
export function limitsBefore({ hosts, bookings }: QueueScene, job: QueueJob, nowMs: number): readonly number[] {
  const others = bookings.filter((one) => one.startMs > nowMs && !admits(one, job))
  const limits = hosts.map(({ id }) => {
    const starts = others.flatMap((one) => (one.hosts.has(id) ? one.startMs : []))
    return starts.length === 0 ? 0 : limitBefore(Math.min(...starts) - nowMs)
  })
  return [...new Set(limits)].filter((limitMs) => limitMs > 0)
}
