import assert from "node:assert/strict"
import { test } from "node:test"
import { eventually } from "../../../test/support/agent-home.ts"
import { MovedClock } from "../../../test/support/moved-clock.ts"
import { learnedWeek } from "../../../test/support/office-week.ts"
import { runsOn, type SimulatedHost } from "../../../test/support/simulated-host.ts"
import { seesPeople } from "../../../test/support/simulated-owner.ts"
import { TestServer } from "../../../test/support/test-server.ts"
import type { WhyAnswer } from "../../protocol/api.ts"
import type { WindfallError } from "../../protocol/errors.ts"
import type { WeekView } from "../../protocol/week-api.ts"

const HOUR_MS = 3_600_000
/** A Tuesday, 07:00 in Berlin. */
const TUESDAY_7_MS = Date.parse("2026-11-24T06:00:00Z")
const WEEKDAYS = [0, 1, 2, 3, 4]
const ALL = { resources: { memoryBytes: null, gpus: null, cores: 2 } }
const POLICY = "backfill: { window: 2d }\n"

/** `alpha` is ann's, who is usually at it from 9 to 18; the rest are nobody's. Their server has a past. */
async function lab(more: readonly string[], policy = POLICY) {
  const clock = new MovedClock(TUESDAY_7_MS)
  await using undo = new AsyncDisposableStack()
  const server = undo.use(await TestServer.start({ clock }))
  const ann = { token: await server.userToken("ann") }
  const bob = { token: await server.userToken("bob") }
  const zone = { timeZone: "Europe/Berlin" }
  const alpha = await server.hosts.join("alpha", zone, { owner: "ann" })
  const others: SimulatedHost[] = []
  for (const name of more) others.push(await server.hosts.join(name, zone))
  await server.call("POST", "/v1/policy", { text: policy, dryRun: false })
  const { store } = server.running.core
  store.learnedWeeks.put({ host: alpha.id, learns: true, week: learnedWeek(WEEKDAYS, 9, 18, TUESDAY_7_MS) })
  await server.stop()
  await server.start()
  for (const host of [alpha, ...others]) host.script = runsOn
  undo.move()
  return { server, ann, bob, alpha, others }
}

const why = (server: TestServer, id: number, token: string) =>
  server.call<WhyAnswer>("GET", `/v1/jobs/${id}/why`, undefined, { token })

test("who waits is planned for after usual times, and is told so: everybody until when, the owner in which week", async () => {
  const { server, ann, bob } = await lab([])
  await using _ = server
  const first = await server.submit({ ...ALL, timeLimitMs: 3 * HOUR_MS }, bob)
  await server.untilState(first.id, "running")
  const second = await server.submit({ ...ALL, timeLimitMs: HOUR_MS }, bob)
  const answer = await why(server, second.id, bob.token)
  // The first ends at ten; from nine to six no start is planned.
  assert.equal(answer.expected?.to, TUESDAY_7_MS + 11 * HOUR_MS)
  assert.match(
    answer.expected?.rests ?? "",
    /; no start is planned, as they are usually in use .* on alpha for 11h 00m$/,
  )
  for (const token of [ann.token, server.adminToken]) {
    const { expected } = await why(server, second.id, token)
    assert.match(expected?.rests ?? "", /alpha for 11h 00m \(ann is usually there weekdays 9:00 to 18:00\)$/)
  }
})

test("a job that would still run at a usual time goes elsewhere if it can, else it starts nevertheless", async () => {
  const { server, bob } = await lab(["beta"])
  await using _ = server
  const short = await server.submit({ ...ALL, timeLimitMs: 2 * HOUR_MS }, bob)
  const placed = async (id: typeof short.id) => (await server.untilState(id, "running")).attempts[0]?.hostName
  assert.equal(await placed(short.id), "alpha")
  await server.call("POST", `/v1/jobs/${short.id}/stop`, { now: true })
  const long = await server.submit({ ...ALL, timeLimitMs: 4 * HOUR_MS }, bob)
  assert.equal(await placed(long.id), "beta")
  const longer = await server.submit({ ...ALL, timeLimitMs: 4 * HOUR_MS }, bob)
  assert.equal(await placed(longer.id), "alpha")
})

test("a long job goes by hours after the time that is planned, too", async () => {
  const { server, ann, bob, alpha } = await lab(["beta"], "{}")
  await using _ = server
  await server.call("POST", `/v1/hosts/${alpha.id}/week`, { learns: false }, ann)
  const startsOn = async (hours: number) => {
    const { id } = await server.submit({ ...ALL, timeLimitMs: hours * HOUR_MS }, bob)
    const { attempts } = await server.untilState(id, "running")
    await server.call("POST", `/v1/jobs/${id}/stop`, { now: true })
    await server.untilState(id, "cancelled")
    return attempts[0]?.hostName
  }
  assert.equal(await startsOn(100), "alpha")
  // On Friday at 9, 74 hours from now.
  await server.call("POST", `/v1/hosts/${alpha.id}/owner/rules`, { rules: { never: "fri 09:00-18:00" } }, ann)
  assert.deepEqual([await startsOn(73), await startsOn(75)], ["alpha", "beta"])
})

test("hours that an owner gives are planned with as well", async () => {
  const { server, ann, bob, alpha } = await lab([])
  await using _ = server
  await server.call("POST", `/v1/hosts/${alpha.id}/week`, { learns: false })
  await server.call("POST", `/v1/hosts/${alpha.id}/owner/rules`, { rules: { hours: "18:00-08:00" } }, ann)
  const first = await server.submit({ ...ALL, timeLimitMs: 3 * HOUR_MS }, bob)
  await server.untilState(first.id, "running")
  const second = await server.submit({ ...ALL, timeLimitMs: HOUR_MS }, bob)
  assert.equal((await why(server, second.id, bob.token)).expected?.to, TUESDAY_7_MS + 11 * HOUR_MS)
})

test("a job that may run for days goes elsewhere for hours that are more than a day ahead, too", async () => {
  const { server, ann, bob, alpha } = await lab(["beta"], "{}")
  await using _ = server
  await server.call("POST", `/v1/hosts/${alpha.id}/week`, { learns: false })
  await server.call("POST", `/v1/hosts/${alpha.id}/owner/rules`, { rules: { never: "fri 03:00-18:00" } }, ann)
  const placed = async (days: number) => {
    const { id } = await server.submit({ ...ALL, timeLimitMs: days * 24 * HOUR_MS }, bob)
    return (await server.untilState(id, "running")).attempts[0]?.hostName
  }
  assert.deepEqual([await placed(6), await placed(2)], ["beta", "alpha"])
})

test("a week is its owner's and administrators' to see, to forget and to turn off; the policy can, too", async () => {
  const { server, ann, bob, alpha } = await lab([])
  await using _ = server
  const path = `/v1/hosts/${alpha.id}/week`
  const seen = await server.call<WeekView>("GET", path, undefined, ann)
  assert.deepEqual([seen.text, seen.learns, seen.byPolicy], ["weekdays 9:00 to 18:00", true, true])
  for (const [method, body] of [
    ["GET", undefined],
    ["POST", { learns: false }],
  ] as const) {
    await assert.rejects(server.call(method, path, body, bob), ({ code }: WindfallError) => code === "not_allowed")
  }
  const off = await server.call<WeekView>("POST", path, { learns: false }, ann)
  assert.deepEqual([off.text, off.learns], [null, false])
  await server.call("POST", path, { learns: true }, ann)
  await server.call("POST", "/v1/policy", { text: `${POLICY}owners: { learn-presence: off }\n`, dryRun: false })
  assert.equal((await server.call<WeekView>("GET", path)).byPolicy, false)
  seesPeople(alpha, "here")
  await server.stop()
  await server.start()
  assert.deepEqual(server.running.core.store.learnedWeeks.all(), [{ host: alpha.id, learns: true, week: null }])
})

test("what agents tell minute by minute is learned, once an hour, and is there after a restart", async () => {
  const clock = new MovedClock(TUESDAY_7_MS)
  await using server = await TestServer.start({ clock })
  const alpha = await server.hosts.join("alpha", { timeZone: "Europe/Berlin" })
  const { core } = server.running
  for (let minute = 0; minute <= 61; minute++) {
    seesPeople(alpha, "here")
    await core.ledger.change(() => {})
    clock.advance(60_000)
  }
  const [row, ...more] = core.store.learnedWeeks.all()
  assert.deepEqual([row?.host, more], [alpha.id, []])
  const sum = (hours: readonly number[] = []) => Math.round(hours.reduce((all, each) => all + each, 0) * 100) / 100
  assert.deepEqual([sum(row?.week?.seenHours), sum(row?.week?.hereHours)], [1, 1])
  // Tuesday from seven to eight, by the clock of the Mac.
  assert.equal(row?.week?.hereHours[24 + 7], 1)
  await server.stop()
  await server.start()
  assert.deepEqual(server.running.core.weeks.weekOf(alpha.id), row?.week)
})

test("a host that is another's, or is gone, leaves nothing of who was at it", async () => {
  const { server, alpha } = await lab([])
  await using _ = server
  const stored = () => server.running.core.store.learnedWeeks.all().length
  await server.call("POST", `/v1/hosts/${alpha.id}/owner`, { owner: "bob" })
  assert.equal(stored(), 0)
  const { core } = server.running
  core.store.learnedWeeks.put({ host: alpha.id, learns: true, week: learnedWeek(WEEKDAYS, 9, 18, TUESDAY_7_MS) })
  alpha.tell({ type: "left" })
  await eventually(async () => stored() === 0, "an owner's leaving is heard of")
  core.weeks.setLearns(alpha.id, false)
  await server.call("DELETE", `/v1/hosts/${alpha.id}`)
  assert.equal(stored(), 0)
})
