/** kill -9 of each process in turn, and a job that does not notice. */
import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { afterEach, test } from "node:test"
import type { JobView } from "../../src/protocol/job.ts"
import { isFinal } from "../../src/protocol/job-state.ts"
import { descendants } from "../lab/processes.ts"
import { ACCOUNT_HOME } from "../support/account-home.ts"
import { usePool } from "../support/use-pool.ts"

const pool = usePool({ hosts: 1 })
/** Counts lines on both streams until it is told to end; each line is also on the host's disk. */
const COUNT = `${ACCOUNT_HOME}; i=0; while [ ! -e $A/end ]; do i=$((i+1)); echo $i; echo $i >&2; echo $i >>$A/ledger; sleep 0.01; done; exit 9`

afterEach(async () => {
  const { jobs } = await pool().api<{ jobs: JobView[] }>("GET", "/v1/jobs")
  for (const { id, state } of jobs) if (!isFinal(state)) await pool().api("POST", `/v1/jobs/${id}/stop`, { now: true })
  const host = pool().hosts[0]
  if (host !== undefined) for (const file of ["end", "ledger"]) await remove(join(host.files, file))
})

for (const victim of ["server", "ssh", "agent", "forker"] as const) {
  test(`a job outlives kill -9 of the ${victim}; no byte is missing or repeated`, async () => {
    const { id } = await pool().submit({ command: ["sh", "-c", COUNT] })
    await ledgerReaches(5)
    await using child = pool().start(["attach", `${id}`])
    await child.says("\n5\n")
    if (victim === "server") {
      await pool().server.kill9()
      await ledgerReaches(lines() + 20)
      await pool().server.start()
    } else {
      const [pid, ...others] = victim === "ssh" ? sshChildren() : hostProcesses(victim)
      assert.ok(pid !== undefined && others.length === 0, `one ${victim}: ${[pid, ...others]}`)
      process.kill(pid, "SIGKILL")
    }
    await ledgerReaches(lines() + 20)
    await pool().hosts[0]?.write("end", "")
    const { exitCode, stdout, stderr } = await child.ended
    assert.equal(exitCode, 9, stderr)
    const ledger = readLedger()
    assert.equal(stdout, ledger)
    assert.equal((await pool().log(id, "stderr")).toString(), ledger)
    const job = await pool().job(id)
    assert.equal(job.cause, "exited")
    assert.equal(job.attempts.length, 1)
  })
}

test("a job whose supervisor is killed ends as supervisor_lost, and nothing of it runs on", async () => {
  const { id } = await pool().submit({
    command: ["sh", "-c", COUNT],
    retry: { limit: 0, afterSilenceMs: null, once: false },
  })
  await ledgerReaches(5)
  const [pid] = hostProcesses("supervisor")
  assert.ok(pid !== undefined)
  process.kill(pid, "SIGKILL")
  const job = await pool().awaitJob(id)
  assert.equal(job.cause, "supervisor_lost")
  assert.equal(job.state, "failed")
  assert.deepEqual(jobProcesses(), [])
  // It was killed between two lines, or between a line and its copy.
  const [log, ledger] = [(await pool().log(id)).toString(), readLedger()]
  assert.ok(log.startsWith(ledger) || ledger.startsWith(log), `${log} and ${ledger}`)
})

test("a job that is killed itself ends by that signal", async () => {
  const { id } = await pool().submit({ command: ["sh", "-c", COUNT] })
  await ledgerReaches(5)
  const [pid] = jobProcesses()
  assert.ok(pid !== undefined)
  process.kill(pid, "SIGKILL")
  const job = await pool().awaitJob(id)
  assert.equal(job.cause, "signalled")
  assert.equal(job.signal, 9)
  assert.equal((await pool().windfall(["wait", `${id}`])).exitCode, 137)
})

test("a job outlives kill -9 of the command line that sent it", async () => {
  await using child = pool().start(["send", "--no-folder", "--", "sh", "-c", COUNT])
  await child.says("\n5\n")
  child.kill("SIGKILL")
  await child.ended
  await pool().hosts[0]?.write("end", "")
  const { jobs } = await pool().api<{ jobs: { id: number }[] }>("GET", "/v1/jobs")
  const job = await pool().awaitJob(jobs[0]?.id ?? 0)
  assert.equal(job.exitCode, 9)
  assert.equal((await pool().log(job.id)).toString(), readLedger())
})

test("everything at once: server and agent killed while the job ends", async () => {
  const { id } = await pool().submit({ command: ["sh", "-c", COUNT] })
  await ledgerReaches(5)
  await pool().server.kill9()
  // The forker first: it ends with its agent.
  for (const pid of [...hostProcesses("forker"), ...hostProcesses("agent")]) process.kill(pid, "SIGKILL")
  await pool().hosts[0]?.write("end", "")
  await pool().server.start()
  const job = await pool().awaitJob(id)
  assert.equal(job.exitCode, 9)
  assert.equal((await pool().log(id)).toString(), readLedger())
})

function sshChildren(): number[] {
  return descendants(pool().server.pid)
    .filter(({ command }) => /^ssh /.test(command))
    .map(({ pid }) => pid)
}

function hostProcesses(what: "agent" | "forker" | "supervisor"): number[] {
  const pattern = {
    agent: /agent\.mjs --root/,
    forker: /^windfall forker/,
    supervisor: /^windfall (supervisor|job|attempt)/,
  }[what]
  return (pool().hosts[0]?.processes() ?? []).filter(({ command }) => pattern.test(command)).map(({ pid }) => pid)
}

function jobProcesses(): number[] {
  return (pool().hosts[0]?.processes() ?? [])
    .filter(({ command }) => command.includes("while [ ! -e $A/end ]"))
    .map(({ pid }) => pid)
}

function readLedger(): string {
  try {
    return readFileSync(join(pool().hosts[0]?.files ?? "", "ledger"), "utf8")
  } catch {
    return ""
  }
}

function lines(): number {
  return readLedger().split("\n").length - 1
}

async function ledgerReaches(count: number): Promise<void> {
  const limit = AbortSignal.timeout(60_000)
  while (lines() < count) {
    limit.throwIfAborted()
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

async function remove(path: string): Promise<void> {
  const { rm } = await import("node:fs/promises")
  await rm(path, { force: true })
}
