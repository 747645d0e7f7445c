import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { MovedClock } from "../../../test/support/moved-clock.ts"
import { TestServer } from "../../../test/support/test-server.ts"
import { type Booking, RECURRENCES } from "../../protocol/booking.ts"
import { WindfallError } from "../../protocol/errors.ts"
import { timesBetween } from "../../scheduler/bookings/booking-times.ts"
import { changeBooking, makeBooking, removeBooking, skipTime } from "./make-booking.ts"

const [QUARTER_MS, DAY_MS] = [900_000, 86_400_000]
/** A few days before the clocks of Europe are put on. */
const NOW_MS = Date.parse("2027-03-25T08:00:00Z")
const ADMIN = { user: "admin", role: "admin" } as const

const start = fc.nat(6 * 96).map((quarters) => NOW_MS + quarters * QUARTER_MS)
const length = fc.integer({ min: 1, max: 60 }).map((quarters) => quarters * QUARTER_MS)
const act = fc.record({
  what: fc.constantFrom("make", "make", "make", "change", "skip", "undo", "remove"),
  which: fc.nat(20),
  host: fc.constantFrom(["alpha"], ["beta"], ["alpha", "beta"], null),
  startAt: start,
  durationMs: length,
  timeZone: fc.constantFrom("Europe/Berlin", "America/New_York", "UTC"),
  repeats: fc.constantFrom(null, null, ...RECURRENCES),
})

test("whatever is made, changed, left out and taken back, no host is booked twice at once", async () => {
  await using server = await TestServer.start({ clock: new MovedClock(NOW_MS) })
  for (const name of ["alpha", "beta"]) await server.hosts.join(name)
  const { core } = server.running
  let made = 0
  const one = ({
    what,
    which,
    host,
    startAt,
    durationMs,
    timeZone,
    repeats,
  }: typeof act extends fc.Arbitrary<infer T> ? T : never) => {
    const known = core.store.bookings.all()
    const booking = known[which % Math.max(1, known.length)]
    if (what === "make") {
      const hosts = host === null ? { hosts: null, count: 1 } : { hosts: host, count: null }
      const rest = {
        name: null,
        partition: null,
        all: false,
        users: [],
        accounts: [],
        maintenance: true,
        untilAt: null,
      }
      makeBooking(core, { ...rest, ...hosts, startAt, durationMs, timeZone, repeats }, ADMIN)
      made++
    } else if (booking === undefined) return
    else if (what === "change") changeBooking(core, booking.name, { startAt, durationMs }, ADMIN)
    else if (what === "remove") removeBooking(core, booking.name, ADMIN)
    else if (what === "skip") {
      const [time] = timesBetween(booking, NOW_MS + (which % 5) * DAY_MS, NOW_MS + 9 * DAY_MS)
      if (time !== undefined) skipTime(core, booking.name, { startAt: time.startAt, undo: false }, ADMIN)
    } else if (booking.skipped[0] !== undefined) {
      skipTime(core, booking.name, { startAt: booking.skipped[0], undo: true }, ADMIN)
    }
  }
  await fc.assert(
    fc.asyncProperty(fc.array(act, { minLength: 8, maxLength: 16, size: "max" }), async (acts) => {
      await core.ledger.change(() => {
        for (const { name } of core.store.bookings.all()) removeBooking(core, name, ADMIN)
        for (const each of acts) {
          try {
            one(each)
          } catch (error) {
            assert.ok(error instanceof WindfallError, String(error))
          }
        }
      })
      const all = core.store.bookings.all()
      for (const [at, a] of all.entries())
        for (const b of all.slice(at + 1)) if (a.hosts.some((host) => b.hosts.includes(host))) apart(a, b)
    }),
    { numRuns: 60 },
  )
  assert.ok(made > 100, `${made}`)
})

function apart(a: Booking, b: Booking): void {
  const [fromMs, toMs] = [NOW_MS, NOW_MS + 20 * DAY_MS]
  const others = timesBetween(b, fromMs, toMs)
  for (const { startAt, endAt } of timesBetween(a, fromMs, toMs)) {
    const twice = others.find((other) => other.startAt < endAt && startAt < other.endAt)
    assert.equal(twice, undefined, `${a.name} and ${b.name} at ${new Date(startAt).toISOString()}`)
  }
}
