import type { HostBooking } from "../../protocol/booking.ts"
import type { HostId } from "../../protocol/ids.ts"
import { timesBetween } from "../../scheduler/bookings/booking-times.ts"
import { accountsBelow } from "../../scheduler/policy/accounts-below.ts"
import type { Core } from "../core.ts"
import type { Viewer } from "../jobs/job-view.ts"
import { currentPolicy } from "../policy/pool-policy.ts"

/** Farther ahead a booking says nothing of whether a host is free: `reserve ls` has it. */
const SOON_MS = 12 * 3_600_000

/** The times of bookings that a host is kept in now, or within the next hours, the next first. */
export function hostBookings(core: Core, host: HostId, viewer: Viewer): readonly HostBooking[] {
  const nowMs = core.clock.now()
  return core.store.bookings
    .all()
    .filter(({ hosts }) => hosts.includes(host))
    .flatMap((booking): HostBooking[] => {
      const { name, users, accounts, maintenance, timeZone } = booking
      const times = timesBetween(booking, nowMs, nowMs + SOON_MS).filter(({ skipped }) => !skipped)
      if (times.length === 0) return []
      const forYou = !maintenance && (users.includes(viewer.user) || isInAccount(core, viewer.user, accounts))
      return times.map(({ startAt, endAt }) => {
        const state = startAt <= nowMs ? "now" : "to_come"
        return { name, state, startAt, endAt, timeZone, maintenance, users, accounts, forYou }
      })
    })
    .sort((a, b) => a.startAt - b.startAt)
}

/** Whether a job of this user may count against one of the accounts, or against one below. */
function isInAccount(core: Core, user: string, accounts: readonly string[]): boolean {
  if (accounts.length === 0) return false
  const policy = currentPolicy(core)
  const own = policy.accounts.filter(({ members }) => members.some((one) => one.user === user)).map(({ name }) => name)
  const all = own.length === 0 ? [policy.defaultAccount] : own
  return accountsBelow(policy, accounts).some((name) => all.includes(name))
}
