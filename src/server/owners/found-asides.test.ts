import assert from "node:assert/strict"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { test } from "node:test"
import { runsOn, type SimulatedHost } from "../../../test/support/simulated-host.ts"
import { attemptOf, HERE, resume, seesPeople } from "../../../test/support/simulated-owner.ts"
import { TestServer } from "../../../test/support/test-server.ts"
import type { WindfallEvent } from "../../protocol/events.ts"
import type { HostView } from "../../protocol/host.ts"
import type { AttemptId, JobId } from "../../protocol/ids.ts"
import type { FoundAside } from "../../protocol/owner-wire.ts"

const WHY = { code: HERE.code, text: HERE.text }
const TOO_LONG = { code: "suspended_too_long", text: "it was suspended for longer than 5m 00s" }

async function running(server: TestServer, host: SimulatedHost): Promise<JobId> {
  host.script = runsOn
  const { id } = await server.submit()
  await server.untilState(id, "running")
  return id
}

function aside(at: number, change: Partial<FoundAside> = {}): FoundAside {
  return { at, endedAt: at + 100, reactionMs: 300, vacated: false, continuedMs: 100, why: WHY, ...change }
}

function left(at: number, change: Partial<FoundAside> = {}): FoundAside {
  return aside(at, { vacated: true, continuedMs: null, left: { why: TOO_LONG, reactionMs: 400 }, ...change })
}

function nameOf(host: SimulatedHost, id: JobId) {
  const { order } = attemptOf(host, id)
  return { attempt: order.attempt as AttemptId, sequence: order.sequence }
}

/** The server hears that its job is stopped. */
async function hearsStop(server: TestServer, host: SimulatedHost, id: JobId, at: number): Promise<void> {
  host.tell({ type: "suspended", ...nameOf(host, id), at, why: WHY, reactionMs: 300, asideAt: at })
  await server.untilState(id, "suspended")
}

/** What the job's events say of owners, in their order. */
async function told(server: TestServer, id: JobId): Promise<unknown[]> {
  const { events } = await server.call<{ events: WindfallEvent[] }>("GET", `/v1/events?job=${id}`)
  return events.flatMap((event) => {
    if (event.type === "attempt_continued") return [[event.type, event.suspendedMs]]
    if (event.type !== "attempt_suspended" && event.type !== "attempt_vacating") return []
    return [[event.type, event.code, event.reason, event.reactionMs]]
  })
}

/** What is counted of a host: since when, the reaction, whether it had to leave, whether it is so still. */
function counted(server: TestServer, host: SimulatedHost): unknown[] {
  using database = new DatabaseSync(join(server.folder.at("data"), "windfall.db"), { readOnly: true })
  const rows = database.prepare("select * from step_asides where host = ? order by at").all(host.id)
  return rows.map((row) => [
    row.at,
    row.reaction_ms === -1 ? null : row.reaction_ms,
    row.vacated === 1,
    row.ended_at === null,
  ])
}

function reconnect(host: SimulatedHost, id: JobId, change: Parameters<typeof Object.assign>[1]): void {
  host.cut()
  const attempt = attemptOf(host, id)
  attempt.suspended = { ...attempt.suspended, ...change }
  host.connect()
}

const STOPPED = ["attempt_suspended", HERE.code, "somebody is at it", 300]
const LEAVES = ["attempt_vacating", TOO_LONG.code, TOO_LONG.text, 400]

test("a job that was stopped and went on while its host was not heard is counted once", async () => {
  await using server = await TestServer.start()
  const host = await server.hosts.join("alpha")
  const id = await running(server, host)
  const at = Date.now()
  const asides = [aside(at), aside(at + 200, { reactionMs: null, continuedMs: 200 })]
  for (const _ of [1, 2]) {
    reconnect(host, id, { suspendedMs: 200, asides })
    await server.until(id, ({ attempts }) => attempts[0]?.suspendedMs === 200)
  }
  assert.deepEqual(await told(server, id), [
    STOPPED,
    ["attempt_continued", 100],
    [...STOPPED.slice(0, 3), null],
    ["attempt_continued", 200],
  ])
  assert.deepEqual(counted(server, host), [
    [at, 300, false, false],
    [at + 200, null, false, false],
  ])
})

test("what was heard before the link was lost is not counted again, and what came after it is", async () => {
  await using server = await TestServer.start()
  const host = await server.hosts.join("alpha")
  const id = await running(server, host)
  const at = Date.now()
  await hearsStop(server, host, id, at)
  // It went on and is stopped again.
  const open = aside(at + 200, { endedAt: null, continuedMs: null })
  reconnect(host, id, { suspendedAt: at + 200, suspendedMs: 100, asides: [aside(at), open] })
  await server.until(id, ({ state, attempts }) => state === "suspended" && attempts[0]?.suspendedMs === 100)
  assert.deepEqual(await told(server, id), [STOPPED, ["attempt_continued", 100], STOPPED])
  assert.deepEqual(counted(server, host), [
    [at, 300, false, false],
    [at + 200, 300, false, true],
  ])
  resume(host, id, 300)
  await server.untilState(id, "running")
  reconnect(host, id, { suspendedMs: 300, asides: [aside(at), aside(at + 200, { continuedMs: 300 })] })
  host.finish(attemptOf(host, id))
  await server.untilEnded(id)
  assert.equal((await told(server, id)).length, 4)
  assert.equal(counted(server, host).length, 2)
})

test("a job that had to leave while its host was not heard says so, and is counted", async () => {
  await using server = await TestServer.start()
  for (const isStopped of [true, false]) {
    const host = await server.hosts.join(isStopped ? "alpha" : "beta")
    const id = await running(server, host)
    host.cut()
    const at = Date.now()
    const there = attemptOf(host, id)
    there.suspended = { asides: [left(at, isStopped ? {} : { endedAt: at, reactionMs: 400 })] }
    host.finish(there, { cause: "owner_returned", signal: 15, message: "It stepped aside: somebody is at it" })
    seesPeople(host, "here")
    host.connect()
    seesPeople(host, "here")
    const back = await server.until(id, ({ attempts }) => attempts[0]?.state === "ended")
    const [attempt] = back.attempts
    assert.deepEqual([attempt?.cause, attempt?.message], ["owner_returned", "It stepped aside: somebody is at it"])
    assert.deepEqual(await told(server, id), isStopped ? [STOPPED, LEAVES] : [LEAVES])
    assert.deepEqual(counted(server, host), [[at, isStopped ? 300 : 400, true, false]])
    await server.call("POST", `/v1/jobs/${id}/stop`, { now: true })
    await server.untilEnded(id)
    host.cut()
  }
})

test("a job that was heard to be stopped and left while its host was not is counted once, as one that left", async () => {
  await using server = await TestServer.start()
  const host = await server.hosts.join("alpha")
  const id = await running(server, host)
  const at = Date.now()
  await hearsStop(server, host, id, at)
  // It has its grace still, and the news of it comes twice.
  for (const _ of [1, 2]) {
    reconnect(host, id, { suspendedMs: 100, asides: [left(at)] })
    await server.until(id, ({ reason }) => reason === `asked to leave alpha: ${TOO_LONG.text}`)
  }
  assert.equal((await server.job(id)).state, "suspended")
  host.tell({ type: "vacating", ...nameOf(host, id), at: at + 100, why: TOO_LONG, reactionMs: 400, asideAt: at })
  seesPeople(host, "here")
  host.finish(attemptOf(host, id), { cause: "owner_returned", signal: 15 })
  await server.until(id, ({ attempts }) => attempts[0]?.state === "ended")
  assert.deepEqual(await told(server, id), [STOPPED, LEAVES])
  assert.deepEqual(counted(server, host), [[at, 300, true, false]])
  assert.ok((await server.call<HostView>("GET", "/v1/hosts/alpha")).free.cores > 0)
})
