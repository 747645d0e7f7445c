import assert from "node:assert/strict"
import { test } from "node:test"
import { HOUR_MS, NOW_MS, POLICY, pool, SMALL } from "../../../test/support/booking-scene.ts"
import type { BookingList, BookingMade, BookingRequest } from "../../protocol/booking.ts"
import type { HostView } from "../../protocol/host.ts"
import type { JobId } from "../../protocol/ids.ts"
import type { QueueOrderView } from "../../protocol/queue-order.ts"
import { NO_QUEUE_REQUEST } from "../../protocol/queue-request.ts"

for (const policy of [null, POLICY]) {
  test(`a booked host takes its users' jobs, and before it others that are sure to end (${policy === null ? "no policy" : "by policy"})`, async () => {
    await using it = await pool("alpha")
    const { server, clock, finish, book, why, ann, bob, send } = it
    if (policy !== null) await server.call("POST", "/v1/policy", { text: policy, dryRun: false })
    await book({ hosts: ["alpha"], name: "vision" })
    const endless = await send(bob)
    const long = await send(bob, { timeLimitMs: HOUR_MS + 60_000 })
    const short = await send(bob, { timeLimitMs: HOUR_MS / 2 })
    const own = await send(ann, { timeLimitMs: 2 * HOUR_MS })
    for (const { id } of [short, own]) await server.untilState(id, "running")
    for (const { id } of [endless, long]) assert.equal((await server.job(id)).state, "queued")
    const onAlpha = async (id: JobId) => (await why(id)).hosts[0]
    const before = await onAlpha(endless.id)
    assert.equal(before?.code, "booked")
    assert.match(
      before?.text ?? "",
      policy === null
        ? /^kept for vision from 09:00 \(UTC\) for 2h 00m, in 1h 00m; the job has no time limit/
        : /^kept for vision for 2h 00m, in 1h 00m/,
    )
    finish()
    for (const { id } of [short, own]) await server.untilEnded(id)
    clock.advance(HOUR_MS)
    const within = await send(bob, { timeLimitMs: 60_000 })
    assert.equal((await server.job(within.id)).state, "queued")
    assert.match(
      (await onAlpha(within.id))?.text ?? "",
      policy === null ? /^kept for vision until 11:00 \(UTC\), for 2h 00m more/ : /^kept for vision for 2h 00m more/,
    )
    clock.advance(2 * HOUR_MS)
    // Both cores.
    for (const { id } of [endless, long]) await server.untilState(id, "running")
  })

  test(`a job sent to a booking runs on its hosts, in its time, also after a restart (${policy === null ? "no policy" : "by policy"})`, async () => {
    await using it = await pool("alpha", "beta")
    const { server, clock, book, why, ann, bob, send } = it
    if (policy !== null) await server.call("POST", "/v1/policy", { text: policy, dryRun: false })
    await book({ hosts: ["beta"], name: "vision" })
    const inIt = { queue: { ...NO_QUEUE_REQUEST, booking: "vision" } }
    await assert.rejects(send(bob, inIt), { code: "not_allowed" })
    await assert.rejects(send(ann, { queue: { ...NO_QUEUE_REQUEST, booking: "vison" } }), { code: "booking_not_found" })
    const job = await send(ann, inIt)
    assert.equal(job.state, "queued")
    assert.equal((await why(job.id)).hosts.find(({ name }) => name === "alpha")?.code, "not_booked")
    const { waiting, entries } = await server.call<QueueOrderView>("GET", "/v1/queue/order")
    assert.equal(waiting, entries.filter(({ place }) => place !== null).length)
    // By a policy it is kept out of the order until its booking begins, and every list says so.
    const place = policy === null ? 1 : null
    assert.deepEqual([entries[0]?.place, (await server.job(job.id)).place], [place, place])
    await server.stop()
    await server.start()
    clock.advance(HOUR_MS)
    assert.equal((await server.untilState(job.id, "running")).attempts[0]?.hostName, "beta")
  })
}

test("what overlaps is refused with what is in the way, and so many hosts are chosen that can be kept", async () => {
  await using it = await pool("alpha", "beta", "gamma")
  const { server, book, bob, send } = it
  await book({ hosts: ["alpha"], name: "daily", repeats: "daily" })
  await assert.rejects(book({ hosts: ["alpha"], startAt: NOW_MS + 3 * 24 * HOUR_MS, durationMs: 2 * HOUR_MS }), {
    code: "wrong_state",
    message: "Cannot book alpha for ann-1: daily, made by admin, has it from Mon 09:00 to Mon 11:00 (UTC)",
  })
  await server.call("POST", "/v1/bookings/daily/skip", { startAt: NOW_MS + 3 * 24 * HOUR_MS + HOUR_MS, undo: false })
  await book({ hosts: ["alpha"], startAt: NOW_MS + 3 * 24 * HOUR_MS, durationMs: 2 * HOUR_MS })
  await assert.rejects(
    server.call("POST", "/v1/bookings/daily/skip", { startAt: NOW_MS + 3 * 24 * HOUR_MS + HOUR_MS, undo: true }),
    { code: "wrong_state" },
  )
  await assert.rejects(
    server.call("POST", "/v1/bookings/daily/skip", { startAt: NOW_MS + 4 * 24 * HOUR_MS + HOUR_MS, undo: true }),
    { code: "wrong_state", message: "Cannot take back that Tue 09:00 of daily is left out: it is not" },
  )
  const endless = await send(bob, { host: "beta" })
  await server.untilState(endless.id, "running")
  const { booking, notices } = await book({ count: 1, name: "one" })
  assert.deepEqual([booking.hosts.map(({ name }) => name), notices], [["gamma"], []])
  await assert.rejects(book({ count: 1 }), (error: Error) =>
    /only 0 of 3 can be kept then \(alpha: daily has it then; beta: job 1 there has no time limit; gamma: one has it then\)/.test(
      error.message,
    ),
  )
  const named = await book({ hosts: ["beta"], users: [], maintenance: true })
  assert.equal(named.booking.name, "maintenance-1")
  assert.match(named.notices[0] ?? "", /^job 1 of bob on beta has no time limit and may still run when it begins/)
  const { bookings } = await server.call<BookingList>("GET", "/v1/bookings")
  assert.deepEqual(
    bookings.map(({ name, times }) => [name, times.length]),
    [
      ["daily", 14],
      ["maintenance-1", 1],
      ["one", 1],
      ["ann-1", 1],
    ],
  )
  await server.call("DELETE", "/v1/bookings/one")
  await book({ count: 1, name: "one" })
  const events = (await server.call<{ events: { type: string; what?: string }[] }>("GET", "/v1/events?limit=100"))
    .events
  assert.deepEqual(
    events.filter(({ type }) => type.startsWith("booking_")).map(({ type }) => type),
    [
      "booking_made",
      "booking_changed",
      "booking_made",
      "booking_made",
      "booking_made",
      "booking_removed",
      "booking_made",
    ],
  )
})

test("nobody's jobs run in a maintenance, and who waits for it to end starts then", async () => {
  await using it = await pool("alpha")
  const { server, clock, book, bob, send } = it
  await book({ all: true, users: [], maintenance: true, startAt: NOW_MS })
  const job = await send(bob)
  const byAdmin = await server.submit(SMALL)
  assert.deepEqual([(await server.job(job.id)).state, (await server.job(byAdmin.id)).state], ["queued", "queued"])
  clock.advance(2 * HOUR_MS)
  for (const { id } of [job, byAdmin]) await server.untilState(id, "running")
})

test("users book for themselves as far as the policy lets them, coordinators for theirs, and nobody changes what is not theirs", async () => {
  await using it = await pool("alpha", "beta")
  const { server, book, ann, bob } = it
  await assert.rejects(book({ count: 1, users: ["bob"] }, bob), { code: "not_allowed" })
  const text = `${POLICY}bookings: { longest: 1h, ahead: 1d, per-user: 1 }\n`
  await server.call("POST", "/v1/policy", { text, dryRun: false })
  const hour = { users: ["bob"], count: 1, durationMs: HOUR_MS }
  for (const change of [
    { durationMs: 2 * HOUR_MS },
    { count: 2 },
    { startAt: NOW_MS + 25 * HOUR_MS },
    { repeats: "daily" as const },
    { users: ["ann"] },
    { users: [], accounts: ["lab"] },
    { users: [], maintenance: true },
  ]) {
    await assert.rejects(book({ ...hour, ...change }, bob), { code: "not_allowed" }, JSON.stringify(change))
  }
  const { booking } = await book(hour, bob)
  assert.deepEqual([booking.name, booking.madeBy, booking.state], ["bob-1", "bob", "to_come"])
  await assert.rejects(book({ ...hour, startAt: NOW_MS + 5 * HOUR_MS }, bob), { code: "not_allowed" })
  await assert.rejects(server.call("DELETE", "/v1/bookings/bob-1", undefined, { token: ann }), { code: "not_allowed" })
  const longer = { durationMs: 2 * HOUR_MS }
  await assert.rejects(server.call("POST", "/v1/bookings/bob-1", longer, { token: bob }), { code: "not_allowed" })
  assert.equal(
    (await server.call<BookingMade>("POST", "/v1/bookings/bob-1", { startAt: NOW_MS + 3 * HOUR_MS }, { token: bob }))
      .booking.startAt,
    NOW_MS + 3 * HOUR_MS,
  )
  const lab = await book({ users: [], accounts: ["lab"], count: 1, repeats: "weekdays" }, ann)
  assert.equal(lab.booking.name, "lab-1")
})

test("bad bookings are refused and nothing changes", async () => {
  await using it = await pool("alpha")
  const { server, book } = it
  const bad: [Partial<BookingRequest>, string][] = [
    [{ hosts: ["alpa"] }, "host_not_found"],
    [{ hosts: ["alpha"], users: ["an"] }, "user_not_found"],
    [{ hosts: ["alpha"], users: [], accounts: ["visio"] }, "invalid_input"],
    [{ hosts: ["alpha"], users: [] }, "invalid_input"],
    [{ hosts: ["alpha"], maintenance: true }, "invalid_input"],
    [{}, "invalid_input"],
    [{ partition: "night" }, "invalid_input"],
    [{ count: 2 }, "wrong_state"],
    [{ hosts: ["alpha"], timeZone: "Europe/Berln" }, "invalid_input"],
    [{ hosts: ["alpha"], durationMs: 25 * HOUR_MS, repeats: "daily" }, "invalid_input"],
    [{ hosts: ["alpha"], startAt: NOW_MS - 3 * HOUR_MS }, "invalid_input"],
    [{ hosts: ["alpha"], untilAt: NOW_MS + 9 * HOUR_MS }, "invalid_input"],
    [{ hosts: ["alpha"], repeats: "daily", untilAt: NOW_MS }, "invalid_input"],
  ]
  for (const [change, code] of bad) await assert.rejects(book(change), { code }, JSON.stringify(change))
  assert.deepEqual((await server.call<BookingList>("GET", "/v1/bookings")).bookings, [])
  await assert.rejects(server.call("GET", "/v1/bookings/x"), { code: "booking_not_found" })
})

test("a host says in which bookings it is kept now and within the next hours, and whose", async () => {
  await using it = await pool("alpha", "beta")
  const { server, clock, book, ann, bob } = it
  await book({ hosts: ["alpha"], name: "vision" })
  await book({ hosts: ["alpha"], name: "far", startAt: NOW_MS + 24 * HOUR_MS })
  const seen = async (name: string, token: string) =>
    (await server.call<HostView>("GET", `/v1/hosts/${name}`, undefined, { token })).bookings?.map((one) => [
      one.name,
      one.state,
      one.startAt - NOW_MS,
      one.forYou,
    ])
  assert.deepEqual(await seen("alpha", ann), [["vision", "to_come", HOUR_MS, true]])
  assert.deepEqual(await seen("beta", ann), [])
  clock.advance(2 * HOUR_MS)
  assert.deepEqual(await seen("alpha", bob), [["vision", "now", HOUR_MS, false]])
})

test("by a policy, too, a job without a limit is told with which one it would start before a maintenance", async () => {
  const { server, book, why, send } = await pool("alpha", "beta", "gamma")
  await using _ = server
  await server.call("POST", "/v1/policy", { text: "owners: { preempt: false }", dryRun: false })
  await book({ hosts: ["alpha", "beta", "gamma"], users: [], maintenance: true, startAt: NOW_MS + 10 * 24 * HOUR_MS })
  const { id } = await send(server.adminToken)
  const { hosts, sooner = [] } = await why(id)
  for (const { text } of hosts) assert.match(text, /; the job has no time limit, .*: with --time 10d it could start$/)
  assert.match(sooner[0] ?? "", /^with --time 10d it would start now on \w+$/)
  await server.untilState((await send(server.adminToken, { timeLimitMs: 10 * 24 * HOUR_MS })).id, "running")
})

test("a limit that a partition gives looks ahead as far as one of the job's own", async () => {
  await using it = await pool("alpha")
  const { server, book, why, send } = it
  const text = "partitions: { apple_gpu: { default-time: 20d } }"
  await server.call("POST", "/v1/policy", { text, dryRun: false })
  await book({ hosts: ["alpha"], users: [], maintenance: true, startAt: NOW_MS + 16 * 24 * HOUR_MS })
  const { code, sooner } = await why((await send(server.adminToken)).id)
  assert.deepEqual([code, sooner], ["booked", ["with --time 16d it would start now on alpha"]])
  await server.untilState((await send(server.adminToken, { timeLimitMs: 15 * 24 * HOUR_MS })).id, "running")
})

test("a job that would fit before a booking now, but not once there is room, is told with which limit it would start before it", async () => {
  await using it = await pool("alpha")
  const { server, clock, finish, book, why, send, ann, bob } = it
  await server.call("POST", "/v1/policy", { text: "owners: { preempt: false }", dryRun: false })
  const resources = { memoryBytes: 5 * 1024 ** 3, gpus: 0, cores: 1 }
  const first = await send(ann, { resources, timeLimitMs: HOUR_MS / 3 })
  await server.untilState(first.id, "running")
  await book({ hosts: ["alpha"], users: [], maintenance: true, startAt: NOW_MS + (5 * HOUR_MS) / 6 })
  const { id } = await send(bob, { resources, timeLimitMs: (2 * HOUR_MS) / 3 })
  const { sooner, expected } = await why(id)
  assert.deepEqual(sooner, [
    "with --memory 2G it would start now on alpha",
    "with --time 29m it would start in 20m 00s at the latest, on alpha",
  ])
  assert.ok((expected?.to ?? 0) > NOW_MS + HOUR_MS)
  // What was said holds.
  await server.call("POST", `/v1/jobs/${id}/time`, { timeLimitMs: 29 * 60_000 })
  assert.equal((await server.job(id)).state, "queued")
  clock.advance(HOUR_MS / 3)
  finish()
  await server.untilState(id, "running")
})

test("a booking first made for an hour that is jumped over keeps that hour, until another start or zone is said", async () => {
  await using it = await pool("alpha")
  const { server } = it
  const startAt = Date.UTC(2027, 2, 28, 1)
  const asked = { startAt, askedWallAt: Date.UTC(2027, 2, 28, 2, 30), timeZone: "Europe/Berlin" }
  const whom = { name: "gap", hosts: ["alpha"], maintenance: true, durationMs: HOUR_MS }
  const make = (more: object) => server.call<BookingMade>("POST", "/v1/bookings", { ...whom, ...asked, ...more })
  await assert.rejects(make({ askedWallAt: Date.UTC(2027, 2, 28, 9) }), { code: "invalid_input" })
  assert.deepEqual(
    (await make({})).booking.times.map(({ startAt: at }) => at),
    [startAt],
  )
  const change = async (what: object) => {
    const { booking } = await server.call<BookingMade>("POST", "/v1/bookings/gap", what)
    return booking.times.slice(0, 2).map(({ startAt: at }) => (at - startAt) / HOUR_MS)
  }
  assert.deepEqual(await change({ repeats: "daily" }), [0, 23.5])
  assert.deepEqual(await change({ timeZone: "UTC" }), [0, 24])
  assert.deepEqual(await change(asked), [0, 23.5])
  assert.deepEqual(await change({ startAt }), [0, 24])
})

test("a booking that is moved goes on without the days that were left out, and says of which ones nothing is there any more", async () => {
  await using it = await pool("alpha")
  const { server, book } = it
  const day = 24 * HOUR_MS
  const firstAt = NOW_MS + HOUR_MS
  await book({ hosts: ["alpha"], name: "course", repeats: "weekly" })
  await server.call("POST", "/v1/bookings/course/skip", { startAt: firstAt + 7 * day, undo: false })
  const set = (change: object) => server.call<BookingMade>("POST", "/v1/bookings/course", change)
  const moved = await set({ startAt: firstAt + HOUR_MS })
  assert.deepEqual([moved.booking.skipped, moved.notices], [[firstAt + 7 * day + HOUR_MS], []])
  // What was left out is nobody's.
  const free = { hosts: ["alpha"], name: "free", startAt: firstAt + 7 * day + HOUR_MS }
  await book(free)
  assert.deepEqual((await set({ durationMs: HOUR_MS })).booking.skipped, [firstAt + 7 * day + HOUR_MS])
  await server.call("DELETE", "/v1/bookings/free")
  const first = await set({ startAt: firstAt + 7 * day + 2 * HOUR_MS })
  assert.match(first.notices.join(), /^Its first time, .*, stays left out \(.*reserve skip --undo course/)
  const { notices } = await set({ startAt: firstAt + day, repeats: "weekly" })
  assert.match(notices.join(), /^\S+ \d\d:00 was left out: none of its times begins then any more$/)
  assert.deepEqual((await set({ durationMs: HOUR_MS / 2 })).notices, [])
})
