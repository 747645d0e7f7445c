import assert from "node:assert/strict"
import { test } from "node:test"
import { readServerEvents } from "../../../test/support/server-events.ts"
import { TestServer } from "../../../test/support/test-server.ts"
import type { WindfallEvent } from "../../protocol/events.ts"
import type { JobView } from "../../protocol/job.ts"

test("who follows a job is passed what is noted of it, before the view that ends it, each once; who did not ask gets views alone", async () => {
  await using server = await TestServer.start()
  const token = await server.userToken("ada")
  const { id } = await server.submit({}, { token })
  const { ledger } = server.running.core
  const note = (message: string, job: typeof id | null = id) =>
    ledger.event({ type: "notice", message, host: null, job })
  await ledger.change(() => note("before"))
  const open = (query: string, asked = token) =>
    server.request("GET", `/v1/jobs/${id}/events${query}`, undefined, { token: asked })
  const streams = await Promise.all([
    open("?noticesAfter=0"),
    open(""),
    open("?noticesAfter=0", await server.userToken("ben")),
  ])
  const [mine, plain, others] = streams.map((stream) => readServerEvents(stream))
  const next = async (stream = mine) => (await stream!.next()).value as WindfallEvent | JobView
  const first = await next()
  assert.ok("message" in first && first.message === "before")
  assert.equal(((await next()) as JobView).state, "queued")
  await ledger.change(() => {
    note("of another", null)
    note("meanwhile")
  })
  const second = await next()
  assert.ok("message" in second && second.message === "meanwhile")
  const ended = server.call("POST", `/v1/jobs/${id}/stop`, { now: true }, { token })
  // In the same commit, after the change.
  await ledger.change(() => note("at the end"))
  await ended
  const rest = await Array.fromAsync(mine!)
  assert.deepEqual(
    rest.map((one) => (one as { message?: string }).message ?? (one as JobView).state),
    ["at the end", "cancelled"],
  )
  for (const stream of [plain, others]) {
    for (const view of await Array.fromAsync(stream!)) assert.ok("state" in (view as object), JSON.stringify(view))
  }
  const late = await Array.fromAsync(readServerEvents(await open(`?noticesAfter=${first.sequence}`)))
  assert.deepEqual(
    late.map((one) => (one as { message?: string }).message ?? (one as JobView).state),
    ["meanwhile", "at the end", "cancelled"],
  )
})
