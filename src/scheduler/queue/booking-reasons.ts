import type { WaitReason } from "./queue-plan.ts"
import type { QueueJob, QueueScene } from "./queue-scene.ts"
import { canEverRun, shapeOf, tooFewHosts } from "./requests.ts"

/** Of a pool's bookings its scene has all times for so long at least. */
export const KNOWN_AHEAD_MS = 14 * 86_400_000

/**
 * Why a job that runs in a booking never will, as far as that is known before the booking is on: there is none any more by when the job may begin, it
 * could not end before its deadline at any of the booking's times, or too few of its hosts could run it.
 */
export function neverInBooking(scene: QueueScene, job: QueueJob, nowMs: number): WaitReason | null {
  const { booking, deadlineMs, partitions } = job
  if (booking === null) return null
  const fromMs = Math.max(nowMs, job.beginMs ?? nowMs)
  const startMs = startIn(scene, booking, fromMs)
  if (startMs === null) {
    const goesOn = scene.bookings.some((one) => one.name === booking && one.goesOn === true)
    return goesOn || fromMs > nowMs + KNOWN_AHEAD_MS ? null : { code: "booking_over", booking }
  }
  // What is on is asked at the job's turn.
  if (startMs <= nowMs) return null
  const limitMs = shortestLimit(scene, job)
  if (deadlineMs !== null && startMs + limitMs > deadlineMs) return { code: "deadline", deadlineMs, limitMs }
  const counts = partitions.map((partition) => {
    const shape = shapeOf(job, partition)
    return { partition, possible: scene.hosts.filter((host) => canEverRun(scene, job, shape, host)).length }
  })
  const [most] = counts.sort((a, b) => b.possible - a.possible)
  return most === undefined || most.possible >= job.hosts
    ? null
    : tooFewHosts(scene, job, most.partition, most.possible)
}

/** Why it does not stand in the queue yet: none of the booking's times is now. */
export function bookingToCome(scene: QueueScene, { booking }: QueueJob, nowMs: number): WaitReason | null {
  const startMs = booking === null ? null : startIn(scene, booking, nowMs)
  return booking === null || startMs === null || startMs <= nowMs
    ? null
    : { code: "booking_to_come", booking, untilMs: startMs }
}

/** The first moment from then on at which the booking is on; `null`: it is over. */
function startIn({ bookings }: QueueScene, booking: string, fromMs: number): number | null {
  const starts = bookings.flatMap(({ name, startMs, endMs }) => (name === booking && endMs > fromMs ? startMs : []))
  return starts.length === 0 ? null : Math.max(fromMs, Math.min(...starts))
}

function shortestLimit({ policy }: QueueScene, { limitMs, partitions }: QueueJob): number {
  if (limitMs !== null) return limitMs
  const limits = policy.partitions.flatMap(({ name, defaultTimeMs, longestTimeMs }) =>
    partitions.includes(name) ? (defaultTimeMs ?? longestTimeMs ?? Number.POSITIVE_INFINITY) : [],
  )
  return Math.min(...limits)
}
