import assert from "node:assert/strict"
import { test } from "node:test"
import { TestServer } from "../../../test/support/test-server.ts"
import type { WindfallEvent } from "../../protocol/events.ts"

test("the limit counts events that the caller may see, the latest of them", async () => {
  await using server = await TestServer.start()
  const token = await server.userToken("ada")
  const { id } = await server.submit({}, { token })
  await server.submit({}, { token })
  await server.call("POST", `/v1/jobs/${id}/stop`, { now: true }, { token })
  // More of what only its user sees than is read at once.
  const { core } = server.running
  await core.ledger.change(() => {
    for (let i = 0; i < 250; i++) core.ledger.event({ type: "secret_changed", user: "admin", name: "KEY", what: "set" })
  })
  const events = async (query: string, asked?: string) =>
    (await server.call<{ events: WindfallEvent[] }>("GET", `/v1/events${query}`, undefined, { token: asked ?? token }))
      .events
  assert.equal((await server.request("GET", "/v1/events?limit=1")).headers.get("content-type"), "application/json")
  const all = await events("")
  assert.ok(all.length > 3)
  assert.ok(all.every((event) => event.type !== "secret_changed"))
  assert.deepEqual(await events("?limit=3"), all.slice(-3))
  assert.deepEqual(await events("?limit=1"), all.slice(-1))
  const [first, ...rest] = all
  assert.deepEqual(await events(`?limit=100&after=${first?.sequence}`), rest)
  assert.deepEqual(
    await events(`?limit=1&job=${id}`),
    all.filter((event) => "job" in event && event.job === id).slice(-1),
  )
  const seen = await events("?limit=20", server.adminToken)
  assert.equal(seen.length, 20)
  assert.ok(seen.every((event) => event.type === "secret_changed"))
})
