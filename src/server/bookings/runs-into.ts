import { formatDuration } from "../../base/duration.ts"
import type { Booking } from "../../protocol/booking.ts"
import { jobNumber } from "../../protocol/job-array.ts"
import { type BookedTime, lets } from "../../scheduler/bookings/kept-hosts.ts"
import { wallText } from "../../scheduler/time/wall-text.ts"
import type { JobRecord } from "../../store/job-record.ts"
import type { Core } from "../core.ts"
import { latestOf } from "../gang/members.ts"
import { currentPolicy } from "../policy/pool-policy.ts"
import { effectiveLimitOf, partitionsOf, placedAs } from "../queue/who-of.ts"
import { bookingsAhead } from "./bookings-ahead.ts"
import { bookingOf } from "./kept-from.ts"

/** A booking that a job may still run in that has no place there. */
export interface RunsInto {
  readonly booking: Booking
  /** Such as `maintenance (m1) on alpha from 09:00 (UTC), in 1h 00m`. */
  readonly text: string
}

/**
 * The bookings of others that a job which was placed may still run in with another time limit, of each the first time, first things first.
 * @param timeLimitMs `null`: none of its own
 */
export function runsInto(core: Core, job: JobRecord, timeLimitMs: number | null): readonly RunsInto[] {
  const now = core.clock.now()
  const policy = currentPolicy(core)
  const { spec, standing, user, id } = job
  const partition = standing?.ranAs?.partition ?? partitionsOf(policy, spec)[0] ?? policy.defaultPartition
  const limitMs = effectiveLimitOf(policy, { spec, standing: { ...standing, timeLimitMs } }, partition)
  const { account } = standing?.ranAs ?? placedAs(policy, user, spec)
  const who = { id, user, account, limitMs, booking: bookingOf(job) }
  const times = bookingsAhead(core, now, () => limitMs ?? 0)
    .filter((time) => !lets(time, who))
    .sort((a, b) => a.startMs - b.startMs)
  const found = new Map<string, RunsInto>()
  for (const time of times) {
    const booking = found.has(time.name) ? undefined : core.store.bookings.all().find(({ name }) => name === time.name)
    if (booking === undefined) continue
    const attempt = latestOf(job).find(({ hostId, startedAt, placedAt, suspended, suspendedMs }) => {
      const stoppedMs = suspendedMs + (suspended === null ? 0 : Math.max(0, now - suspended.since))
      const endMs = limitMs === null ? Number.POSITIVE_INFINITY : (startedAt ?? placedAt) + stoppedMs + limitMs
      return time.hosts.has(hostId) && time.startMs < endMs && time.endMs > now
    })
    if (attempt !== undefined) found.set(time.name, { booking, text: timeText(time, attempt.hostName, now) })
  }
  return [...found.values()]
}

function timeText({ name, maintenance, startMs, endMs, timeZone }: BookedTime, host: string, now: number): string {
  const what = maintenance ? `maintenance (${name})` : `the booking ${name}`
  if (startMs <= now) return `${what} on ${host}, on until ${wallText(endMs, timeZone, now)} (${timeZone})`
  return `${what} on ${host} from ${wallText(startMs, timeZone, now)} (${timeZone}), in ${formatDuration(startMs - now)}`
}

/** What is said of one whom that is allowed. */
export function runsIntoNotice(job: JobRecord, { text }: RunsInto): string {
  return `job ${jobNumber(job)} may run into ${text}: it is not ended for it`
}
