import assert from "node:assert/strict"
import { test } from "node:test"
import { usePool } from "../support/use-pool.ts"

const pool = usePool({ hosts: 1, server: { timing: { pingMs: 400, silenceMs: 1200, lastRetryMs: 500 } } })

test("a stop of a job on a silent host says that it is kept, since when, and how to leave", async () => {
  const job = await pool().submit({ command: ["sleep", "600"] })
  await pool().untilState(job.id, "running")
  await using child = pool().start(["send", "--no-folder", "--", "sh", "-c", "echo up; sleep 600"])
  await child.says("up")
  const [host] = pool().hosts
  await host?.cut()
  await pool().untilHost("host1", ({ link }) => link !== "ready")

  const stopped = await pool().windfall(["stop", String(job.id)])
  assert.equal(stopped.exitCode, 0, stopped.stderr)
  assert.match(stopped.stdout, /stopping; host1 has been out of contact for .*: the stop is kept/)
  assert.match(stopped.stdout, new RegExp(`Give it up now: windfall stop ${job.id} --now\n$`))

  child.kill("SIGTERM")
  const kept = new RegExp(`host1 has been out of contact for .*Once more .*: kill -HUP ${child.process.pid}\n`)
  await child.says(kept, "stderr")
  child.kill("SIGHUP")
  assert.equal((await child.ended).exitCode, 129, child.stderr)

  await host?.restore()
  assert.equal((await pool().awaitJob(job.id)).state, "cancelled", "a stop that was kept is carried out")
})
