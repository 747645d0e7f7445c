import type { HostId, JobId } from "../../protocol/ids.ts"

/** One time of a booking on its hosts; what the queue's scene has of it, and what words need. */
export interface BookedTime {
  readonly name: string
  readonly hosts: ReadonlySet<HostId>
  readonly startMs: number
  readonly endMs: number
  readonly users: readonly string[]
  readonly accounts: readonly string[]
  readonly timeZone: string
  readonly maintenance: boolean
}

/** A job as bookings look at it. */
export interface BookedJob {
  readonly id: JobId
  readonly user: string
  readonly account: string
  /** `null`: none, so that nobody knows when it ends. */
  readonly limitMs: number | null
  /** The booking it is to run in. */
  readonly booking: string | null
}

/** A host that a job does not get now because of a booking. */
export type KeptHost =
  /** It is kept for others, or will be before the job is sure to have ended. */
  | {
      readonly host: HostId
      readonly code: "booked"
      readonly booking: string
      readonly startMs: number
      readonly endMs: number
      readonly timeZone: string
      readonly maintenance: boolean
      /** Whether the job has a time limit, for the words. */
      readonly hasLimit: boolean
    }
  /** The booking the job is to run in does not have the host, is to come, or is over. */
  | { readonly host: HostId; readonly code: "not_booked" | "booking_over"; readonly booking: string }
  | {
      readonly host: HostId
      readonly code: "booking_to_come"
      readonly booking: string
      readonly startMs: number
      readonly timeZone: string
    }

/** Whether the booking lets the job in. */
export function lets({ name, users, accounts }: BookedTime, job: BookedJob): boolean {
  return job.booking === name || users.includes(job.user) || accounts.includes(job.account)
}

/**
 * Which hosts a job must not start on now: each that is kept for others, or will be within its time limit. A job that ends by its limit
 * just when a booking begins may start; one without a limit may not as long as a booking of others is among those to come.
 * @param times in any order; those that have ended do not matter
 * @returns at most one for each host, the nearest booking of others
 */
export function keptHosts(
  times: readonly BookedTime[],
  hosts: Iterable<HostId>,
  job: BookedJob,
  nowMs: number,
): readonly KeptHost[] {
  const endMs = job.limitMs === null ? Number.POSITIVE_INFINITY : nowMs + job.limitMs
  const nearest = new Map<HostId, BookedTime>()
  for (const time of times) {
    if (time.endMs <= nowMs || time.startMs >= endMs || lets(time, job)) continue
    for (const host of time.hosts) {
      const known = nearest.get(host)
      if (known === undefined || time.startMs < known.startMs) nearest.set(host, time)
    }
  }
  const kept: KeptHost[] = []
  for (const host of hosts) {
    const own = job.booking === null ? null : outsideOwn(times, host, job.booking, nowMs)
    const time = nearest.get(host)
    if (own !== null) kept.push(own)
    else if (time !== undefined) {
      const { name: booking, startMs, timeZone, maintenance } = time
      kept.push({
        host,
        code: "booked",
        booking,
        startMs,
        endMs: time.endMs,
        timeZone,
        maintenance,
        hasLimit: job.limitMs !== null,
      })
    }
  }
  return kept
}

function outsideOwn(times: readonly BookedTime[], host: HostId, booking: string, nowMs: number): KeptHost | null {
  let next: BookedTime | undefined
  for (const time of times) {
    if (time.name !== booking || time.endMs <= nowMs) continue
    if (next === undefined || time.startMs < next.startMs) next = time
  }
  if (next === undefined) return { host, code: "booking_over", booking }
  if (!next.hosts.has(host)) return { host, code: "not_booked", booking }
  if (next.startMs <= nowMs) return null
  return { host, code: "booking_to_come", booking, startMs: next.startMs, timeZone: next.timeZone }
}
