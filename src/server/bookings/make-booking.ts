import { closest } from "../../base/closest.ts"
import { localTime, wallMsAt } from "../../base/zone-time.ts"
import {
  type Booking,
  type BookingChange,
  type BookingMade,
  type BookingRequest,
  MOST_BOOKINGS,
  MOST_SKIPPED,
  type SkipRequest,
} from "../../protocol/booking.ts"
import { WindfallError } from "../../protocol/errors.ts"
import { allTimes, nextTime, recurring } from "../../scheduler/bookings/booking-times.ts"
import { clockNotices } from "../../scheduler/bookings/clock-notices.ts"
import { keptSkips } from "../../scheduler/bookings/kept-skips.ts"
import { lastsText } from "../../scheduler/bookings/lasts-text.ts"
import { recurrenceProblem } from "../../scheduler/time/recurrence.ts"
import { wallText } from "../../scheduler/time/wall-text.ts"
import type { Caller } from "../auth/accounts.ts"
import type { Core } from "../core.ts"
import { currentPolicy } from "../policy/pool-policy.ts"
import { bookingView, findBooking } from "./booking-view.ts"
import { chooseBooked, type Overstayer, overstayers } from "./choose-booked.ts"
import { checkMayBook, checkMayChange } from "./may-book.ts"

/** Left-out times that are told as gone. */
const MOST_GONE = 4

type Actor = Pick<Caller, "user" | "role">

/**
 * Keeps hosts for some people or for maintenance. Booking and event are one transaction. Within a change.
 * @throws {WindfallError} invalid_input, not_allowed, host_not_found, user_not_found, name_taken; wrong_state where another booking is in
 * the way, with which in `details`
 */
export function makeBooking(core: Core, request: BookingRequest, caller: Actor): BookingMade {
  const { hosts, count, partition, all, ...rest } = request
  const asked = { hosts, count, partition, all }
  const now = core.clock.now()
  if (hosts === null && count === null && partition === null && !all) {
    throw invalid("keep hosts", "nothing says which", "Say --nodes N, --hosts A,B, --partition NAME, or --all")
  }
  const known = core.store.bookings.all()
  const open = known.filter((one) => nextTime(one, now) !== null)
  if (open.length >= MOST_BOOKINGS)
    throw new WindfallError("wrong_state", `Cannot keep hosts: there are ${MOST_BOOKINGS} bookings, which is the most`)
  const name = request.name ?? freeName(request, new Set(known.map((one) => one.name)))
  if (open.some((one) => one.name === name)) {
    throw new WindfallError("name_taken", `Cannot name the booking "${name}": there is one of that name`, {
      hint: `Choose another name; or see that one: windfall reserve show ${name}`,
    })
  }
  const wanted: Booking = { ...rest, name, hosts: [], skipped: [], madeBy: caller.user, madeAt: now }
  checkWanted(core, wanted, now)
  const booking = { ...wanted, hosts: chooseBooked(core, asked, wanted) }
  checkMayBook(core, caller, booking)
  put(core, booking, caller, "booking_made", summaryOf(core, booking, now))
  return made(core, booking)
}

/** @throws {WindfallError} as {@link makeBooking}; booking_not_found */
export function changeBooking(core: Core, name: string, change: BookingChange, caller: Actor): BookingMade {
  const before = findBooking(core, name)
  checkMayChange(core, caller, before)
  const now = core.clock.now()
  const given = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined)) as BookingChange
  const { hosts: named, ...rest } = given
  const isMoved = given.startAt !== undefined || given.timeZone !== undefined
  const kept: Booking = isMoved ? { ...before, askedWallAt: undefined } : before
  const changed: Booking = { ...kept, ...(rest as Partial<Booking>) }
  const { skipped, gone } = keptSkips(before, changed, now)
  if (skipped.length > MOST_SKIPPED) throw tooManySkipped(name)
  const wanted: Booking = { ...changed, skipped }
  checkWanted(core, wanted, now)
  const hosts = named ?? before.hosts.filter((id) => core.fleet.get(id) !== undefined)
  const booking = { ...wanted, hosts: chooseBooked(core, { hosts, count: null, partition: null, all: false }, wanted) }
  checkMayBook(core, caller, booking)
  put(core, booking, caller, "booking_changed", summaryOf(core, booking, now))
  const { booking: view, notices } = made(core, booking)
  return { booking: view, notices: [...notices, ...skipNotices(booking, before.timeZone, gone, now)] }
}

/** @throws {WindfallError} booking_not_found, not_allowed */
export function removeBooking(core: Core, name: string, caller: Actor): void {
  const booking = findBooking(core, name)
  checkMayChange(core, caller, booking)
  core.store.bookings.remove(name)
  core.ledger.event(
    { type: "booking_removed", booking: name, what: summaryOf(core, booking, core.clock.now()) },
    caller.user,
  )
  core.wakePlanner()
}

/** Leaves one time out, or takes that back. @throws {WindfallError} booking_not_found, not_allowed; wrong_state where no time begins then */
export function skipTime(core: Core, name: string, { startAt, undo }: SkipRequest, caller: Actor): BookingMade {
  const before = findBooking(core, name)
  checkMayChange(core, caller, before)
  const now = core.clock.now()
  const text = wallText(startAt, before.timeZone, now)
  const [time] = [...allTimes(before, startAt - 1).take(2)].filter((one) => one.startAt === startAt)
  if (time === undefined || time.endAt <= now) {
    throw new WindfallError("wrong_state", `Cannot skip ${text} of ${name}: none of its times to come begins then`, {
      hint: `When it begins: windfall reserve show ${name}`,
    })
  }
  if (undo && !time.skipped) {
    throw new WindfallError("wrong_state", `Cannot take back that ${text} of ${name} is left out: it is not`, {
      hint: `Which of its times are left out: windfall reserve show ${name}`,
    })
  }
  const skipped = before.skipped.filter((at) => at !== startAt && at >= now - 366 * 86_400_000)
  if (!undo) skipped.push(startAt)
  if (skipped.length > MOST_SKIPPED) throw tooManySkipped(name)
  const booking = { ...before, skipped: skipped.sort((a, b) => a - b) }
  // What was left out may be booked by somebody else by now.
  if (undo)
    chooseBooked(
      core,
      {
        hosts: before.hosts.filter((id) => core.fleet.get(id) !== undefined),
        count: null,
        partition: null,
        all: false,
      },
      booking,
    )
  put(
    core,
    booking,
    caller,
    "booking_changed",
    undo ? `not without ${text} any more` : `without ${text} (${before.timeZone})`,
  )
  return made(core, booking)
}

function put(
  core: Core,
  booking: Booking,
  { user }: Actor,
  type: "booking_made" | "booking_changed",
  what: string,
): void {
  core.store.bookings.put(booking)
  core.ledger.event({ type, booking: booking.name, what }, user)
  core.wakePlanner()
}

function checkWanted(core: Core, booking: Booking, now: number): void {
  const { users, accounts, maintenance, repeats, untilAt, startAt, askedWallAt, timeZone } = booking
  const doing = `keep hosts for ${booking.name}`
  const problem = recurrenceProblem(recurring(booking))
  if (problem !== null) throw invalid(doing, problem, "Make it shorter: --for 3h")
  if (repeats === null && untilAt !== null)
    throw invalid(doing, "--until is for what comes again", "Say how: --every weekdays")
  if (askedWallAt !== undefined) {
    const asked = localTime("UTC", askedWallAt)
    if (wallMsAt(timeZone, asked, asked.msOfDay) !== startAt)
      throw invalid(
        doing,
        "startAt is not the moment at which the clock jumps over askedWallAt",
        "Leave out askedWallAt",
      )
  }
  if (untilAt !== null && untilAt <= startAt)
    throw invalid(doing, "it would end before it begins the first time", "Choose a later --until")
  if (nextTime(booking, now) === null) throw invalid(doing, "its time has passed", "Choose a later --from")
  if (maintenance && users.length + accounts.length > 0) {
    throw invalid(doing, "nobody's jobs run in a maintenance", "Leave out --users and --accounts, or --maintenance")
  }
  if (!maintenance && users.length + accounts.length === 0) {
    throw invalid(
      doing,
      "nobody is named",
      "Say for whom: --users ann,bob, --accounts vision, or --maintenance for nobody",
    )
  }
  const known = core.store.accounts.users().map((one) => one.name)
  for (const user of users) {
    if (known.includes(user)) continue
    const near = closest(user, known)
    throw new WindfallError(
      "user_not_found",
      `Cannot ${doing}: there is no user "${user}"`,
      near === undefined ? {} : { hint: `Did you mean ${near}?` },
    )
  }
  const names = currentPolicy(core).accounts.map((one) => one.name)
  for (const account of accounts) {
    if (names.includes(account)) continue
    throw invalid(doing, `there is no account "${account}"`, `Accounts of the policy: ${names.slice(0, 20).join(", ")}`)
  }
}

function made(core: Core, booking: Booking): BookingMade {
  const now = core.clock.now()
  const next = nextTime(booking, now)
  const late = next === null ? [] : overstayers(core, booking.hosts, next.startAt)
  const lets = (user: string) => booking.users.includes(user)
  const notices = late
    .filter(({ user }) => !lets(user))
    .map((one) => `job ${one.job} of ${one.user} on ${one.host} ${staysText(one, booking.timeZone, now)}`)
  return { booking: bookingView(core, booking), notices: [...notices, ...clockNotices(booking, now)] }
}

/** What of the times that were left out is not as whoever changes it may think. */
function skipNotices(
  { name, startAt, timeZone, skipped }: Booking,
  zoneBefore: string,
  gone: readonly number[],
  now: number,
): string[] {
  const more = gone.length > MOST_GONE ? [`and ${gone.length - MOST_GONE} more such times`] : []
  const told = gone
    .slice(0, MOST_GONE)
    .map((at) => `${wallText(at, zoneBefore, now)} was left out: none of its times begins then any more`)
  if (!skipped.includes(startAt)) return [...told, ...more]
  const first = wallText(startAt, timeZone, now)
  const undo = `windfall reserve skip --undo ${name} ...`
  return [`Its first time, ${first}, stays left out (to take that back: ${undo})`, ...told, ...more]
}

function tooManySkipped(name: string): WindfallError {
  return new WindfallError("wrong_state", `Cannot skip more than ${MOST_SKIPPED} times of ${name}`)
}

function staysText({ job, endsAt, isSuspended }: Overstayer, timeZone: string, now: number): string {
  if (isSuspended)
    return "is suspended, and when it ends is not known: it may be there when it begins, and is not ended for it"
  return endsAt === null
    ? `has no time limit and may still run when it begins: it is not ended for it (windfall time ${job} ..., windfall stop ${job})`
    : `may run until ${wallText(endsAt, timeZone, now)}, past its begin: it is not ended for it`
}

/** As the event tells it. */
function summaryOf(core: Core, booking: Booking, now: number): string {
  const { hosts, users, accounts, maintenance, startAt, timeZone, repeats, untilAt } = booking
  const [first] = allTimes({ ...booking, skipped: [] }, startAt).take(1)
  const names = hosts.map((id) => core.fleet.get(id)?.record.name ?? id).join(", ")
  const whom = maintenance ? "maintenance" : [...users, ...accounts.map((name) => `account ${name}`)].join(", ")
  const again = repeats === null ? "" : `, ${repeats}`
  const until = untilAt === null ? "" : ` until ${wallText(untilAt, timeZone, now)}`
  return `${names} for ${whom}: ${wallText(startAt, timeZone, now)} (${timeZone}) for ${lastsText(booking, first)}${again}${until}`
}

function freeName({ users, accounts, maintenance }: BookingRequest, taken: ReadonlySet<string>): string {
  const stem = maintenance ? "maintenance" : (accounts[0] ?? users[0] ?? "booking")
  for (let n = 1; ; n++) if (!taken.has(`${stem}-${n}`)) return `${stem}-${n}`
}

function invalid(doing: string, because: string, hint: string): WindfallError {
  return new WindfallError("invalid_input", `Cannot ${doing}: ${because}`, { hint })
}
