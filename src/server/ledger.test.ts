import assert from "node:assert/strict"
import { test } from "node:test"
import { exitsAtOnce, runsOn } from "../../test/support/simulated-host.ts"
import { TestServer } from "../../test/support/test-server.ts"
import { WindfallError } from "../protocol/errors.ts"
import { Ledger } from "./ledger.ts"

test("changes of one turn are one commit, in order; one that is refused does not hold up the others", async () => {
  await using server = await TestServer.start()
  const { ledger, store } = server.running.core
  const before = store.events.lastSequence()
  const commits: number[] = []
  const off = ledger.onCommit((events) => commits.push(events.length))
  const say = (message: string) => ledger.change(() => ledger.event({ type: "notice", message, host: null, job: null }))
  const refused = ledger.change(() => {
    throw new WindfallError("wrong_state", "no")
  })
  await Promise.all([say("one"), assert.rejects(refused, { code: "wrong_state" }), say("two")])
  off()
  assert.deepEqual(commits, [2])
  const events = store.events.after(before, 10)
  assert.deepEqual(
    events.map((event) => event.type === "notice" && event.message),
    ["one", "two"],
  )
})

test("a ledger is written to only within a change", async () => {
  await using server = await TestServer.start()
  const { ledger } = server.running.core
  assert.throws(() => ledger.event({ type: "notice", message: "x", host: null, job: null }), TypeError)
})

test("a full disk refuses the change, keeps what was, and all goes on when there is room again", async () => {
  await using server = await TestServer.start()
  const host = await server.hosts.join("alpha")
  host.script = runsOn
  const { id } = await server.submit()
  await server.untilState(id, "running")
  const { core } = server.running
  const [{ page_count: pages }] = core.store.database.rows("PRAGMA page_count") as [{ page_count: number }]
  core.store.database.execute(`PRAGMA max_page_count = ${pages + 2}`)
  await assert.rejects(server.submit({ env: { BIG: "x".repeat(120_000) } }), { code: "disk_full" })
  assert.equal((await server.job(id)).state, "running")
  await assert.rejects(server.job((id + 1) as never), { code: "job_not_found" })
  core.store.database.execute("PRAGMA max_page_count = 1000000")
  // The link was closed, so that the host says anew what it holds; it comes back by itself.
  assert.equal(host.connected, false)
  host.connect()
  const second = await server.submit({ env: { BIG: "x".repeat(120_000) } })
  assert.equal(second.id, id + 1)
  host.script = exitsAtOnce()
  for (const attempt of host.attempts.values()) host.finish(attempt, { exitCode: 0 })
  assert.equal((await server.untilEnded(id)).state, "succeeded")
  assert.equal((await server.untilEnded(second.id)).state === "succeeded" || host.begun.get(second.id) === 1, true)
  assert.ok(server.troubles.length > 0)
})

test("a defect in one change undoes all of its turn and nothing before", async () => {
  await using server = await TestServer.start()
  const { ledger, store } = server.running.core
  const before = store.events.lastSequence()
  const good = ledger.change(() => ledger.event({ type: "notice", message: "x", host: null, job: null }))
  const bad = ledger.change(() => {
    throw new TypeError("a defect")
  })
  await assert.rejects(good, { code: "internal" })
  await assert.rejects(bad, { code: "internal" })
  assert.equal(store.events.lastSequence(), before)
  await ledger.change(() => ledger.event({ type: "notice", message: "y", host: null, job: null }))
  assert.equal(store.events.lastSequence(), before + 1)
})

test("a closed ledger refuses changes", async () => {
  await using server = await TestServer.start()
  const { core } = server.running
  const ledger = new Ledger({ store: core.store, clock: core.clock, beforeCommit: () => {}, onFailure: () => {} })
  ledger.close()
  await assert.rejects(
    ledger.change(() => {}),
    { code: "server_unreachable" },
  )
})
