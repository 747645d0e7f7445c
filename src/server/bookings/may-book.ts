import { formatDuration } from "../../base/duration.ts"
import type { Booking } from "../../protocol/booking.ts"
import { WindfallError } from "../../protocol/errors.ts"
import { nextTime } from "../../scheduler/bookings/booking-times.ts"
import { accountsBelow, coordinatedBy } from "../../scheduler/policy/accounts-below.ts"
import type { Policy } from "../../scheduler/policy/policy.ts"
import type { Caller } from "../auth/accounts.ts"
import type { Core } from "../core.ts"
import { currentPolicy } from "../policy/pool-policy.ts"

/**
 * Administrators may book anything, coordinators for accounts and members they coordinate, everybody else for themselves as far as the
 * policy lets them (`bookings`).
 * @throws {WindfallError} not_allowed
 */
export function checkMayBook(core: Core, caller: Pick<Caller, "user" | "role">, booking: Booking): void {
  if (caller.role === "admin") return
  const policy = currentPolicy(core)
  if (booking.maintenance) throw refused("keep hosts for maintenance", "that takes the admin role")
  if (isCoordinated(policy, caller.user, booking)) return
  const isOwn = booking.accounts.length === 0 && booking.users.every((user) => user === caller.user)
  if (!isOwn) {
    throw refused(
      "keep hosts for others",
      "administrators may, and coordinators of an account for it and its members",
      `For yourself: --users ${caller.user}`,
    )
  }
  checkOwn(core, policy, caller.user, booking)
}

/** Who may change or remove it: whoever may make it, and did, and administrators. @throws {WindfallError} not_allowed */
export function checkMayChange(core: Core, caller: Pick<Caller, "user" | "role">, booking: Booking): void {
  if (mayChange(core, caller, booking)) return
  throw refused(`change the booking ${booking.name}`, `it was made by ${booking.madeBy}`)
}

/** Whether {@link checkMayChange} lets them. */
export function mayChange(core: Core, caller: Pick<Caller, "user" | "role">, booking: Booking): boolean {
  if (caller.role === "admin" || booking.madeBy === caller.user) return true
  return !booking.maintenance && isCoordinated(currentPolicy(core), caller.user, booking)
}

function isCoordinated(policy: Policy, user: string, { users, accounts }: Booking): boolean {
  const coordinated = new Set(coordinatedBy(policy, user))
  if (coordinated.size === 0) return false
  const isMember = (name: string) =>
    name === user ||
    policy.accounts.some((one) => coordinated.has(one.name) && one.members.some((member) => member.user === name))
  return users.every(isMember) && accountsBelow(policy, accounts).every((name) => coordinated.has(name))
}

function checkOwn(core: Core, { bookings: rules }: Policy, user: string, booking: Booking): void {
  if (rules === null) {
    throw refused("keep hosts for yourself", "the policy lets administrators and coordinators alone")
  }
  const now = core.clock.now()
  const said = (what: string) => refused("keep hosts for yourself", `the policy lets users ${what}`)
  if (booking.hosts.length > rules.hosts) {
    throw said(`have ${rules.hosts} ${rules.hosts === 1 ? "host" : "hosts"} at most`)
  }
  if (booking.durationMs > rules.longestMs) throw said(`have them for ${formatDuration(rules.longestMs)} at most`)
  if (booking.startAt > now + rules.aheadMs) throw said(`book ${formatDuration(rules.aheadMs)} ahead at most`)
  if (booking.repeats !== null) throw said("book once, and not again and again")
  const others = core.store.bookings
    .all()
    .filter(
      (one) =>
        one.name !== booking.name &&
        one.madeBy === user &&
        one.users.every((each) => each === user) &&
        nextTime(one, now) !== null,
    )
  if (others.length >= rules.perUser) {
    throw said(`have ${rules.perUser} at once; yours: ${others.map(({ name }) => name).join(", ")}`)
  }
}

function refused(doing: string, because: string, hint = "Ask an administrator of this server"): WindfallError {
  return new WindfallError("not_allowed", `Cannot ${doing}: ${because}`, { hint })
}
