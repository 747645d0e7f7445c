import assert from "node:assert/strict"
import { existsSync } from "node:fs"
import { test } from "node:test"
import { MovedClock } from "../../test/support/moved-clock.ts"
import { exitsAtOnce, runsOn } from "../../test/support/simulated-host.ts"
import { TestServer } from "../../test/support/test-server.ts"
import type { DoctorReport } from "../protocol/api.ts"
import type { JobId } from "../protocol/ids.ts"
import { tidy } from "./retention.ts"

const DAY_MS = 86_400_000

async function ended(server: TestServer): Promise<JobId> {
  const { id } = await server.submit()
  await server.untilEnded(id)
  return id
}

/** Until its host has forgotten it and the job has left memory. */
async function leaves(server: TestServer, id: JobId): Promise<void> {
  const { core } = server.running
  while (core.table.live(id) !== undefined) await core.ledger.change(() => {})
}

async function logBytes(server: TestServer): Promise<string> {
  const { findings } = await server.call<DoctorReport>("GET", "/v1/doctor")
  return findings.find(({ code }) => code === "logs")?.text ?? ""
}

test("logs are kept so long after a job's end, then they go, and who asks for one is told", async () => {
  const clock = new MovedClock()
  await using server = await TestServer.start({ clock, limits: { keepLogsMs: 10 * DAY_MS } })
  const host = await server.hosts.join("alpha")
  host.script = exitsAtOnce(0, "x".repeat(5000))
  const old = await ended(server)
  host.script = exitsAtOnce()
  const silent = await ended(server)
  clock.advance(6 * DAY_MS)
  host.script = exitsAtOnce(0, "young")
  const young = await ended(server)
  for (const id of [old, silent, young]) await leaves(server, id)
  const { core } = server.running
  const folder = (id: JobId) => server.folder.at("data", "logs", "0", `${id}.1`)
  await tidy(core)
  assert.deepEqual([existsSync(folder(old)), existsSync(folder(young))], [true, true])
  assert.match(await logBytes(server), /^logs of jobs take 5(\.\d)? KB; they are kept for 10d/)

  clock.advance(5 * DAY_MS)
  await tidy(core)
  assert.deepEqual([existsSync(folder(old)), existsSync(folder(young))], [false, true])
  const read = (id: JobId, query = "") => server.request("GET", `/v1/jobs/${id}/logs${query}`)
  for (const query of ["", "?follow=true", "?stream=stdout"]) {
    const answer = await read(old, query)
    assert.equal(answer.status, 409)
    const { error } = (await answer.json()) as { error: { code: string; message: string } }
    assert.equal(error.code, "wrong_state")
    assert.match(error.message, /^Cannot read the log of job 1: it is not kept any more\. Logs stay for 10d/)
  }
  assert.equal(await (await read(young, "?stream=stdout")).text(), "young")
  assert.equal((await read(silent)).status, 200, "one that printed nothing has nothing to lose")
  assert.equal((await server.job(old)).state, "succeeded")

  clock.advance(6 * DAY_MS)
  await tidy(core)
  assert.equal(existsSync(server.folder.at("data", "logs", "0")), false)
  assert.match(await logBytes(server), /^logs of jobs take 0 B/)
})

test("the log of a job that goes on is kept, however old, and so is one a host may still hold something of", async () => {
  const clock = new MovedClock()
  await using server = await TestServer.start({ clock, limits: { keepLogsMs: DAY_MS } })
  const host = await server.hosts.join("alpha")
  host.script = (there, attempt) => {
    runsOn(there, attempt)
    there.print(attempt, "stdout", "still here")
  }
  const { id } = await server.submit()
  await server.untilState(id, "running")
  host.cut()
  clock.advance(3 * DAY_MS)
  await tidy(server.running.core)
  host.connect()
  host.finish([...host.attempts.values()][0]!, { exitCode: 0 })
  await server.untilEnded(id)
  const log = await server.request("GET", `/v1/jobs/${id}/logs?stream=stdout`)
  assert.equal(await log.text(), "still here")
})
