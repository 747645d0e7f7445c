import assert from "node:assert/strict"
import { execFileSync } from "node:child_process"
import { readdirSync, statSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import type { JobSpec } from "../../src/protocol/job.ts"
import { usePool } from "../support/use-pool.ts"

const pool = usePool({ hosts: 1 })

test("a job's environment is what the docs list, and nothing else", async () => {
  const job = await run({ command: ["env", "-0"], env: { MINE: "a b" } })
  assert.equal(job.state, "succeeded")
  const text = (await pool().log(job.id)).toString()
  const variables = Object.fromEntries(
    text
      .split("\0")
      .filter((line) => line !== "")
      .map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]),
  )
  const names = Object.keys(variables).filter((name) => !name.startsWith("WINDFALL_"))
  const allowed = [
    "HF_HUB_CACHE",
    "HOME",
    "LANG",
    "LOGNAME",
    "MINE",
    "PATH",
    "PYTHONUNBUFFERED",
    "SHELL",
    "TMPDIR",
    "TZ",
    "UV_CACHE_DIR",
    "UV_PYTHON_INSTALL_DIR",
    "UV_SYSTEM_CERTS",
    "USER",
    "PWD",
  ]
  assert.deepEqual(
    names.filter((name) => !allowed.includes(name)),
    [],
  )
  const { home, user } = host()
  const own = `${home}/.windfall/servers/${pool().server.id}/homes/admin`
  assert.equal(variables.HOME, own)
  assert.equal(variables.USER, user)
  assert.match(variables.LANG ?? "", /UTF-8/)
  assert.equal(variables.PYTHONUNBUFFERED, "1")
  assert.equal(variables.MINE, "a b")
  assert.equal(variables.PATH, `${own}/.local/bin:${home}/.local/bin:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin`)
  assert.match(variables.TMPDIR ?? "", /attempts\/\d+\/tmp$/)
  assert.equal(variables.WINDFALL_JOB, `${job.id}`)
  assert.equal(variables.WINDFALL_HOST, "host1")
  assert.equal(variables.WINDFALL_ATTEMPT_NUMBER, "1")
})

test("umask is 077, 65536 files may be open, standard input is /dev/null, the folder is the workspace", async () => {
  const script =
    'umask; ulimit -n; readlink /proc/self/fd/0; basename "$PWD"; touch f; stat -c %a f; ls /proc/self/fd | wc -l'
  const job = await run({ command: ["sh", "-c", script] })
  // A machine whose own hard limit is lower cannot give more than that.
  const most = Number(execFileSync("sh", ["-c", "ulimit -Hn"], { encoding: "utf8" }).replace("unlimited", "65536"))
  const files = Math.min(65536, most)
  assert.equal((await pool().log(job.id)).toString(), `0077\n${files}\n/dev/null\nwork\n600\n4\n`)
})

test("attempt folders are for the account alone, and secrets vanish with the attempt", async () => {
  await pool().api("PUT", "/v1/secrets/MY_SECRET", { value: "very-secret-value" })
  const job = await run({
    command: ["sh", "-c", 'stat -c %a "$TMPDIR/.."; tr "\\0" "\\n" </proc/$$/cmdline; echo "$MY_SECRET"'],
    secrets: ["MY_SECRET"],
  })
  const text = (await pool().log(job.id)).toString()
  assert.match(text, /^700\n/)
  assert.equal(text.includes("very-secret-value"), false)
  assert.equal(statSync(join(host().files, ".windfall")).mode & 0o077, 0)
  const attempts = join(host().files, ".windfall/servers", pool().server.id, "attempts")
  await pool().untilHost("host1", () => readdirSync(attempts).length === 0)
})

test("an environment of more than 256 KB is refused before anything runs", async () => {
  const env = { BIG: "x".repeat(300 * 1024) }
  await assert.rejects(pool().submit({ env }), { code: "invalid_input", message: /BIG/ })
  const sent = await pool().windfall(["send", "-q", "--no-folder", "-e", "BIG", "--", "true"], {
    env: { BIG: "x".repeat(100 * 1024), MORE: "" },
  })
  assert.equal(sent.exitCode, 0, sent.stderr)
})

test("at the end of a job its whole tree goes, also a daemon that left group and session", async () => {
  const script = `perl -e 'use POSIX (); exit if fork; POSIX::setsid(); exit if fork; close STDIN; close STDOUT; close STDERR; sleep 300' & sleep 300 & sh -c 'sleep 301 & wait' & sleep 0.3; exit 2`
  const job = await run({ command: ["sh", "-c", script] })
  assert.equal(job.exitCode, 2)
  await settled()
  assert.deepEqual(leftovers(), [])
})

test("stop, now and time limit take the tree too", async () => {
  const script = `perl -e '$SIG{TERM}="IGNORE"; use POSIX (); exit if fork; POSIX::setsid(); sleep 300' & echo up; sleep 300`
  const stopped = await pool().submit({ command: ["sh", "-c", script] })
  await pool().untilState(stopped.id, "running")
  await pool().api("POST", `/v1/jobs/${stopped.id}/stop`, { now: true })
  assert.equal((await pool().awaitJob(stopped.id)).state, "cancelled")
  const limited = await run({ command: ["sh", "-c", script], timeLimitMs: 500, graceMs: 300 })
  assert.equal(limited.state, "timed_out")
  assert.equal(limited.cause, "time_limit")
  await settled()
  assert.deepEqual(leftovers(), [])
})

test("flooding output neither stalls nor kills the job, and nothing of it is lost", async () => {
  const bytes = 48 * 1024 * 1024
  const job = await run({ command: ["sh", "-c", `head -c ${bytes} /dev/zero; echo done >&2`] })
  assert.equal(job.state, "succeeded")
  assert.equal(job.attempts[0]?.stdoutBytes, bytes)
  const log = await pool().log(job.id)
  assert.equal(log.length, bytes)
  assert.ok(log.every((byte) => byte === 0))
})

function host() {
  const [first] = pool().hosts
  assert.ok(first)
  return first
}

async function run(change: Partial<JobSpec>) {
  const { id } = await pool().submit(change)
  return pool().awaitJob(id)
}

/** The sweep may end a moment after the job: the host is free when it has. */
async function settled(): Promise<void> {
  await pool().untilHost("host1", ({ jobs, free, total }) => jobs.length === 0 && free.cores === total.cores)
}

function leftovers(): string[] {
  return host()
    .processes()
    .map(({ command }) => command)
    .filter((command) => /sleep 30|perl -e/.test(command))
}
