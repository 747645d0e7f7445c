import { durationText } from "../../base/duration.ts"
import type { Booking } from "../../protocol/booking.ts"
import { WindfallError } from "../../protocol/errors.ts"
import { hostsOf } from "../../protocol/gang.ts"
import { DEFAULT_PARTITION, type JobSpec } from "../../protocol/job.ts"
import { nextTime } from "../../scheduler/bookings/booking-times.ts"
import { accountsBelow } from "../../scheduler/policy/accounts-below.ts"
import type { Policy } from "../../scheduler/policy/policy.ts"
import { wallText } from "../../scheduler/time/wall-text.ts"
import type { Core } from "../core.ts"
import { currentPolicy } from "../policy/pool-policy.ts"
import { queueAskedOf } from "../queue/standing.ts"
import { effectiveLimitOf, partitionsOf, placedAs } from "../queue/who-of.ts"
import { findBooking } from "./booking-view.ts"

/**
 * Whether a job may have the booking that it asks for, and can start in it.
 * @throws {WindfallError} booking_not_found, not_allowed, never_fits, wrong_state, invalid_input
 */
export function checkBooked(core: Core, user: string, spec: JobSpec): void {
  const name = spec.queue?.booking ?? null
  if (name === null) return
  const booking = findBooking(core, name)
  if (nextTime(booking, core.clock.now()) === null) {
    throw new WindfallError("wrong_state", `Cannot send the job to the booking ${name}: it is over`, {
      hint: "Which there are: windfall reserve ls",
    })
  }
  const policy = currentPolicy(core)
  const { account } = placedAs(policy, user, spec)
  if (booking.users.includes(user) || accountsBelow(policy, booking.accounts).includes(account)) {
    checkHosts(core, booking, spec)
    checkTimes(core, policy, booking, spec)
    return
  }
  const whom = booking.maintenance
    ? "maintenance: nobody's jobs run in it"
    : [...booking.users, ...booking.accounts.map((each) => `the account ${each}`)].join(", ")
  throw new WindfallError("not_allowed", `Cannot send the job to the booking ${name}: it is for ${whom}`, {
    hint: "Leave --reservation out, and it takes a host that nobody has booked",
  })
}

function checkHosts(core: Core, { name, hosts }: Booking, spec: JobSpec): void {
  const wanted = hostsOf(spec)
  const which = `Which they are: windfall reserve show ${name}`
  if (hosts.length < wanted) {
    throw new WindfallError(
      "never_fits",
      `Cannot send the job to the booking ${name}: it asks for ${wanted} hosts, and ${hosts.length} are booked`,
      { hint: `Ask for fewer: --nodes ${hosts.length}   ${which}` },
    )
  }
  const named = spec.gang?.members?.map(({ host }) => host) ?? (spec.host === null ? [] : [spec.host])
  for (const text of named) {
    const { record } = core.fleet.find(text)
    if (hosts.includes(record.id)) continue
    throw new WindfallError(
      "never_fits",
      `Cannot send the job to the booking ${name}: it asks for host ${record.name}, which is not booked`,
      { hint: `Leave --host out, or name one of the booking. ${which}` },
    )
  }
}

/** It starts while the booking is on: not before its begin time, and so that it ends before its deadline. */
function checkTimes(core: Core, policy: Policy, booking: Booking, spec: JobSpec): void {
  const { name, timeZone } = booking
  const { beginAt, deadlineAt } = queueAskedOf({ spec })
  const now = core.clock.now()
  const at = (ms: number) => `${wallText(ms, timeZone, now)} (${timeZone})`
  const fromMs = Math.max(now, beginAt ?? 0)
  const time = nextTime(booking, fromMs)
  if (time === null) {
    throw new WindfallError(
      "invalid_input",
      `Cannot send the job to the booking ${name}: it would not begin before ${at(fromMs)}, and the booking is over by then`,
      { hint: `When it is on: windfall reserve show ${name}. Give the job an earlier --begin` },
    )
  }
  const limitMs = effectiveLimitOf(policy, { spec }, partitionsOf(policy, spec)[0] ?? DEFAULT_PARTITION)
  if (deadlineAt === null || limitMs === null) return
  const startMs = Math.max(fromMs, time.startAt)
  if (startMs + limitMs <= deadlineAt) return
  const leftMs = deadlineAt - startMs
  throw new WindfallError(
    "invalid_input",
    `Cannot send the job to the booking ${name} with this deadline: it could start at ${at(startMs)} at the earliest, and by its time limit not end before`,
    {
      hint:
        leftMs < 60_000
          ? `Give it a later --deadline, or leave --reservation out`
          : `Give it a later --deadline, or a shorter time: --time ${durationText(Math.floor(leftMs / 60_000) * 60_000)}`,
    },
  )
}
