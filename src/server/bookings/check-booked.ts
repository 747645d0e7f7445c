import { WindfallError } from "../../protocol/errors.ts"
import { hostsOf } from "../../protocol/gang.ts"
import type { JobSpec } from "../../protocol/job.ts"
import { nextTime } from "../../scheduler/bookings/booking-times.ts"
import { accountsBelow } from "../../scheduler/policy/accounts-below.ts"
import type { Core } from "../core.ts"
import { currentPolicy } from "../policy/pool-policy.ts"
import { placedAs } from "../queue/who-of.ts"
import { findBooking } from "./booking-view.ts"

/** Whether a job may have the booking that it asks for. @throws {WindfallError} booking_not_found, not_allowed, never_fits, wrong_state */
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
    const wanted = hostsOf(spec)
    if (booking.hosts.length >= wanted) return
    throw new WindfallError(
      "never_fits",
      `Cannot send the job to the booking ${name}: it asks for ${wanted} hosts, and ${booking.hosts.length} are booked`,
      { hint: `Ask for fewer: --nodes ${booking.hosts.length}   Which they are: windfall reserve show ${name}` },
    )
  }
  const whom = booking.maintenance
    ? "maintenance: nobody's jobs run in it"
    : [...booking.users, ...booking.accounts.map((each) => `the account ${each}`)].join(", ")
  throw new WindfallError("not_allowed", `Cannot send the job to the booking ${name}: it is for ${whom}`, {
    hint: "Leave --reservation out, and it takes a host that nobody has booked",
  })
}
