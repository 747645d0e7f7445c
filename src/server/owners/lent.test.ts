import assert from "node:assert/strict"
import { test } from "node:test"
import { MessageReceiver } from "../../../test/support/message-receiver.ts"
import { MovedClock } from "../../../test/support/moved-clock.ts"
import { runsOn, type SimulatedHost } from "../../../test/support/simulated-host.ts"
import { attemptOf, HERE, resume, seesPeople, suspend } from "../../../test/support/simulated-owner.ts"
import { TestServer } from "../../../test/support/test-server.ts"
import type { WindfallEvent } from "../../protocol/events.ts"
import type { NotifyBody } from "../../protocol/notify-api.ts"

const HOUR_MS = 3_600_000
const FRIDAY = Date.parse("2027-01-15T08:00:00Z")
const MONDAY = Date.parse("2027-01-18T08:00:00+01:00")

/** Moves on in steps in which the watch looks. */
async function passUntil(clock: MovedClock, until: number, stepMs = HOUR_MS): Promise<void> {
  while (clock.now() < until) {
    clock.advance(Math.min(stepMs, until - clock.now()))
    await new Promise((resolve) => setImmediate(resolve))
  }
}

function pages({ said }: SimulatedHost): string[] {
  return said.flatMap((message) => (message.type === "owner-page" ? [message.text] : []))
}

async function lentEvents(server: TestServer): Promise<string[]> {
  const { events } = await server.call<{ events: WindfallEvent[] }>("GET", "/v1/events")
  return events.flatMap((event) => (event.type === "host_lent" ? [event.line] : []))
}

test("an owner is told on Monday at eight what the Mac was lent for, once; its page comes at each contact and daily", async () => {
  const clock = new MovedClock(FRIDAY)
  await using server = await TestServer.start({ clock, limits: { notifyPrivate: true } })
  await using receiver = await MessageReceiver.start()
  const mia = { token: await server.userToken("mia") }
  await server.call("PUT", "/v1/notify", { targets: [receiver.at("/mia")] }, mia)
  const facts = { platform: "darwin", timeZone: "Europe/Berlin" } as const
  const mac = await server.hosts.join("mac-3", facts, { owner: "mia" })
  await server.hosts.join("nobodys", { timeZone: "Europe/Berlin" })
  mac.script = runsOn
  seesPeople(mac, "away")
  const { id } = await server.submit({ host: "mac-3" })
  await server.untilState(id, "running")
  assert.match(pages(mac)[0] ?? "", /^mac-3, .*\n\nLent: 0 minutes to 0 people\n/)
  await passUntil(clock, FRIDAY + HOUR_MS)
  suspend(mac, id, HERE, 420)
  await server.untilState(id, "suspended")
  await passUntil(clock, FRIDAY + 2 * HOUR_MS)
  resume(mac, id, HOUR_MS)
  await server.untilState(id, "running")
  await passUntil(clock, FRIDAY + 4 * HOUR_MS)
  mac.finish(attemptOf(mac, id), { startedAt: 1, endedAt: 1 + 4 * HOUR_MS })
  await server.untilEnded(id)
  await passUntil(clock, MONDAY - 1)
  assert.deepEqual(await lentEvents(server), [])
  await passUntil(clock, MONDAY + 2 * HOUR_MS)
  const [told] = await receiver.until(1)
  const { type, data } = JSON.parse(told?.body ?? "") as NotifyBody
  const line = "mac-3 was lent for 3 hours last week, to 1 person, and stepped aside 1 time, at the slowest in 420 ms."
  assert.deepEqual([type, data.title, data.host, data.job], ["host.lent", line, "mac-3", null])
  assert.deepEqual(await lentEvents(server), [line])
  // A page a day besides the one at its contact.
  assert.equal(pages(mac).length, 4)
  assert.match(
    pages(mac).at(-1) ?? "",
    /Lent: 3 hours to 1 person\n {2}admin: 3 hours, 1 job\n\nStepped aside for you: 1 time\n/,
  )
  await server.stop()
  await server.start()
  await passUntil(clock, MONDAY + 4 * HOUR_MS)
  assert.deepEqual([(await lentEvents(server)).length, receiver.received.length], [1, 1])
  await passUntil(clock, MONDAY + 7 * 24 * HOUR_MS + 2 * HOUR_MS)
  await receiver.until(2)
  assert.equal((await lentEvents(server)).at(-1), "mac-3 was not used by jobs last week.")
})
