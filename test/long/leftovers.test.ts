import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { test } from "node:test"
import { findLabMode } from "../lab/lab-mode.ts"
import { startPool } from "../support/pool.ts"

const HIDE = readFileSync(new URL("../fixtures/jobs/hide.pl", import.meta.url), "utf8")
const MIB = 1024 ** 2
const skip = (await findLabMode()) === "ports" ? "hosts have no accounts of their own here" : false

test("a process that hides from its job is found, and its host gets no new jobs until its memory is back", {
  skip,
}, async () => {
  await using pool = await startPool({ hosts: 1 })
  const host = pool.hosts[0]
  assert.ok(host)
  await host.write("hide.pl", HIDE)
  const file = `${host.home}/hidden`
  const { id } = await pool.submit({ command: ["perl", `${host.home}/hide.pl`, file, `${300 * MIB}`] })
  assert.equal((await pool.awaitJob(id)).cause, "supervisor_lost")
  const { withheld, strays } = await pool.host("host1")
  assert.match(withheld ?? "", new RegExp(`^process \\d+, which job ${id} seems to have left there, holds 3\\d\\d MB$`))
  assert.deepEqual(
    strays.map(({ job, command, certain }) => [job, command, certain]),
    [[id, "perl", false]],
  )

  const waiting = await pool.submit({ command: ["true"] })
  const answers = async (...args: string[]) => (await pool.windfall(args)).stdout
  assert.match(await answers("why", `${waiting.id}`), /withheld: process \d+/)
  assert.match(await answers("host", "ls"), /host1 +withheld/)
  assert.match(await answers("host", "show", "host1"), /process \d+ \(perl\) probably of job 1, 3\d\d MB, since/)
  assert.match(await answers("doctor"), /process \d+ \(perl\) came up while job 1 ran/)
  assert.match(await answers("events"), /process \d+ \(perl\) of job 1 is suspected to be left there/)

  // Its agent goes too, as nothing runs that would need one.
  await pool.server.kill9()
  await pool.server.start()
  const again = await pool.untilHost("host1", ({ link }) => link === "ready")
  assert.deepEqual(
    again.strays.map(({ pid }) => pid),
    strays.map(({ pid }) => pid),
  )
  assert.equal((await pool.job(waiting.id)).state, "queued")

  const hidden = host.processes().filter(({ command }) => command.includes(file))
  assert.equal(hidden.length, 1)
  process.kill(hidden[0]?.pid ?? 0, "SIGKILL")
  assert.equal((await pool.awaitJob(waiting.id)).state, "succeeded")
  assert.equal((await pool.host("host1")).withheld, null)
})
