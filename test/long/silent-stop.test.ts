import assert from "node:assert/strict"
import { test } from "node:test"
import { usePool } from "../support/use-pool.ts"

const pool = usePool({ hosts: 2, server: { timing: { pingMs: 400, silenceMs: 1200, lastRetryMs: 500 } } })

test("a stop of a job on a silent host says that it is kept, since when, and how to leave", async () => {
  const job = await pool().submit({ command: ["sleep", "600"], host: "host1" })
  await pool().untilState(job.id, "running")
  await using child = pool().start(["send", "--no-folder", "--host", "host1", "--", "sh", "-c", "echo up; sleep 600"])
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

test("a second signal gives the job up at once; what runs there then ends when the host is back", async () => {
  await using child = pool().start(["send", "--no-folder", "--host", "host1", "--", "sh", "-c", "echo up; sleep 600"])
  await child.says("up")
  const [host] = pool().hosts
  await host?.cut()
  await pool().untilHost("host1", ({ link }) => link !== "ready")
  child.kill("SIGTERM")
  await child.says(/host1 has been out of contact for /, "stderr")
  child.kill("SIGTERM")
  const { exitCode, stderr } = await child.ended
  const [, number] = /job (\d+) (?:was )?\w+/.exec(stderr) ?? []
  assert.equal(exitCode, 130, stderr)
  const job = await pool().job(Number(number))
  assert.equal(job.state, "cancelled", stderr)

  await host?.restore()
  await pool().untilHost("host1", ({ link }) => link === "ready")
  const after = await pool().submit({ command: ["sh", "-c", "pgrep -f '^sleep 60[0]' | wc -l"], host: "host1" })
  assert.equal((await pool().awaitJob(after.id)).state, "succeeded")
  assert.equal((await pool().log(after.id)).toString(), "0\n")
})

test("an attached command goes on with the next attempt while the host of the last is still silent", async () => {
  const script = "echo up on $WINDFALL_HOST; test $WINDFALL_ATTEMPT_NUMBER = 2 || sleep 600"
  await using child = pool().start([
    ...["send", "--no-folder", "--retry", "1", "--retry-after-silence", "2s", "--", "sh", "-c", script],
  ])
  await child.says(/up on host\d/)
  const [, name] = /up on (host\d)/.exec(child.stdout) ?? []
  const host = pool().hosts.find((one) => one.name === name)
  await host?.cut()
  const { exitCode, stderr, stdout } = await child.ended
  assert.equal(exitCode, 0, stderr)
  assert.equal(new Set(stdout.match(/host\d/g)).size, 2, stdout)
  await host?.restore()
})
