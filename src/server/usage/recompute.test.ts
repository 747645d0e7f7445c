import assert from "node:assert/strict"
import { test } from "node:test"
import { MovedClock } from "../../../test/support/moved-clock.ts"
import { runsOn } from "../../../test/support/simulated-host.ts"
import { attemptOf } from "../../../test/support/simulated-owner.ts"
import { TestServer } from "../../../test/support/test-server.ts"
import type { WindfallError } from "../../protocol/errors.ts"
import type { JobId } from "../../protocol/ids.ts"
import type { ShareView, UsageCheckView } from "../../protocol/usage-api.ts"

const MINUTE_MS = 60_000
const POLICY = "usage: { half-life: 1d }\nowners: { donated: 0.5 }\n"

/** Some days of two users' jobs, with a new half life in between, a crash of the server, and a clock that was set back. */
async function pastPool() {
  const clock = new MovedClock()
  await using undo = new AsyncDisposableStack()
  const server = undo.use(await TestServer.start({ clock }))
  const bob = { token: await server.userToken("bob") }
  await server.userToken("ann")
  const host = await server.hosts.join("alpha", {}, { owner: "ann" })
  host.script = runsOn
  await server.call("POST", "/v1/policy", { text: POLICY, dryRun: false })
  const run = async (minutes: number, options = {}) => {
    const { id } = await server.submit({}, options)
    await server.untilState(id, "running")
    clock.advance(minutes * MINUTE_MS)
    host.finish(attemptOf(host, id as JobId), { startedAt: 5_000, endedAt: 5_000 + minutes * MINUTE_MS })
    await server.untilEnded(id)
  }
  await run(90, bob)
  await run(47)
  await server.call("POST", "/v1/policy", { text: POLICY.replace("1d", "3h"), dryRun: false })
  await server.stop()
  await server.start()
  await run(2_000, bob)
  clock.setOn(-33 * MINUTE_MS)
  await run(61, bob)
  undo.move()
  return { server, bob }
}

const check = (server: TestServer) => server.call<UsageCheckView>("GET", "/v1/usage/recompute")

test("what holds is what the intervals give: also past new rules, a restart and a clock that was set back", async () => {
  const { server, bob } = await pastPool()
  await using _ = server
  const { settled, intervals, amounts, differences, through } = await check(server)
  assert.deepEqual([settled, intervals, differences], [true, 4, []])
  assert.ok(amounts > 8, `${amounts}`)
  assert.equal(through, (await server.call<ShareView>("GET", "/v1/share")).through)
  for (const method of ["GET", "POST"]) {
    const asked = server.call(method, "/v1/usage/recompute", method === "POST" ? {} : undefined, bob)
    await assert.rejects(asked, ({ code }: WindfallError) => code === "not_allowed")
  }
})

test("sums that are wrong are found, told by whom and how much, and made right", async () => {
  const { server } = await pastPool()
  await using _ = server
  const before = await server.call<ShareView>("GET", "/v1/share")
  // Somebody, or a disk, has changed what was reckoned.
  const { database } = server.running.core.store
  database.execute(`UPDATE usage_charges SET sum_json = replace(sum_json, '"units":', '"units":9')`)
  await server.stop()
  await server.start()
  const { differences } = await check(server)
  assert.deepEqual(
    differences.map(({ user, amount, recorded, recomputed }) => [user, amount, recorded > recomputed]).sort(),
    [
      ["admin", "units", true],
      ["bob", "units", true],
    ],
  )
  await server.call("POST", "/v1/usage/recompute", {})
  assert.deepEqual((await check(server)).differences, [])
  assert.deepEqual((await server.call<ShareView>("GET", "/v1/share")).rows, before.rows)
  assert.match(await (await server.request("GET", "/v1/events")).text(), /"usage_recomputed"/)
  await server.stop()
  await server.start()
  assert.deepEqual((await check(server)).differences, [])
})
