import assert from "node:assert/strict"
import { test } from "node:test"
import { runsOn } from "../../../test/support/simulated-host.ts"
import { TestServer } from "../../../test/support/test-server.ts"
import type { WindfallEvent } from "../../protocol/events.ts"

const MINUTE_MS = 60_000

test("a host's sleep is told once as an event, kept with the attempt, and outlives the server", async () => {
  await using server = await TestServer.start()
  const host = await server.hosts.join("alpha")
  host.script = runsOn
  const { id } = await server.submit()
  await server.untilState(id, "running")
  const attempt = [...host.attempts.values()][0]!
  const head = { type: "slept", attempt: attempt.order.attempt, sequence: attempt.order.sequence } as const
  const from = 1_790_000_000_000
  host.tell({ ...head, from, to: from + 30 * MINUTE_MS })
  await server.until(id, ({ attempts }) => attempts[0]?.sleeps !== undefined)
  host.cut()
  host.connect()
  host.tell({ ...head, from, to: from + 30 * MINUTE_MS })
  // A moment later the lid is closed again.
  host.tell({ ...head, from, to: from + 42 * MINUTE_MS })
  const whole = [{ from, to: from + 42 * MINUTE_MS }]
  const job = await server.until(id, ({ attempts }) => attempts[0]?.sleeps?.[0]?.to === whole[0]!.to)
  assert.deepEqual(job.attempts[0]?.sleeps, whole)
  const { events } = await server.call<{ events: WindfallEvent[] }>("GET", "/v1/events?limit=1000")
  const told = events.flatMap((event) => (event.type === "host_slept" ? [(event.to - event.from) / MINUTE_MS] : []))
  assert.deepEqual(told, [30, 12])
  await server.stop()
  await server.start()
  assert.deepEqual((await server.job(id)).attempts[0]?.sleeps, whole)
})
