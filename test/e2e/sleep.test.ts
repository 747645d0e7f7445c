/** Macs sleep. What that means to jobs, on clocks that count it. */
import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { ACCOUNT_HOME } from "../support/account-home.ts"
import { usePool } from "../support/use-pool.ts"

const HOUR_MS = 3_600_000
const TIMING = { pingMs: 500, silenceMs: 1_000, firstRetryMs: 100, lastRetryMs: 500 }
const pool = usePool({ hosts: 1, clocks: true, server: { timing: TIMING } })

test("a job on a host that slept for an hour goes on; its time limit counts the sleep", async () => {
  const host = pool().hosts[0]
  assert.ok(host)
  const script = `${ACCOUNT_HOME}; echo up; while [ ! -e $A/end ]; do sleep 0.05; done; echo $WINDFALL_ATTEMPT_NUMBER >>$A/ran`
  const patient = await pool().submit({
    command: ["sh", "-c", script],
    retry: { limit: 0, afterSilenceMs: null, once: true },
  })
  const limited = await pool().submit({ command: ["sleep", "600"], timeLimitMs: HOUR_MS / 2, graceMs: 500 })
  await pool().untilState(patient.id, "running")
  await pool().untilState(limited.id, "running")
  await host.sleep()
  const silent = await pool().untilJob(patient.id, ({ attempts }) => attempts[0]?.outOfContactSince != null)
  assert.equal(silent.state, "running", "silence is a flag, not a state")
  const seen = await pool().windfall(["ps"])
  assert.match(seen.stdout, /silent/)
  pool().moveClock("server", HOUR_MS)
  pool().moveClock(host, HOUR_MS, HOUR_MS)
  await host.wake()
  const ended = await pool().awaitJob(limited.id)
  assert.equal(ended.state, "timed_out")
  assert.equal(ended.cause, "time_limit")
  const back = await pool().untilJob(patient.id, ({ attempts }) => attempts[0]?.outOfContactSince === null)
  assert.equal(back.state, "running")
  await host.write("end", "")
  const job = await pool().awaitJob(patient.id)
  assert.equal(job.state, "succeeded")
  assert.equal(readFileSync(join(host.files, "ran"), "utf8"), "1\n")
})

test("a wall clock that jumps ends nothing", async () => {
  const host = pool().hosts[0]
  assert.ok(host)
  const { id } = await pool().submit({ command: ["sh", "-c", "echo up; sleep 1.5; echo done"], timeLimitMs: 60_000 })
  await pool().untilState(id, "running")
  pool().moveClock(host, -5 * HOUR_MS, HOUR_MS)
  pool().moveClock("server", 9 * HOUR_MS)
  const job = await pool().awaitJob(id)
  assert.equal(job.state, "succeeded")
  assert.equal((await pool().log(id)).toString(), "up\ndone\n")
})
