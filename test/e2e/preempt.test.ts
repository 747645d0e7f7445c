import assert from "node:assert/strict"
import { writeFileSync } from "node:fs"
import { cpus } from "node:os"
import { test } from "node:test"
import { usePool } from "../support/use-pool.ts"

const pool = usePool({ hosts: 1 })
const ALL = ["--cores", `${cpus().length}`]
const POLICY = `
qos: { urgent: { rank: 10, preempts: [normal] } }
preemption: { by: qos, mode: suspend, grace: 10m }
`
const COUNTING = ["sh", "-c", "n=0; while ! test -e stop; do n=$((n + 1)); echo $n; sleep 0.02; done"]

async function send(flags: readonly string[], command: readonly string[]): Promise<number> {
  const args = ["send", "-q", "--no-folder", "--detach", ...flags, "--", ...command]
  const { exitCode, stdout, stderr } = await pool().windfall(args)
  assert.equal(exitCode, 0, stderr)
  return Number(stdout)
}

async function text(command: string, job: number): Promise<string> {
  return (await pool().windfall([command, `${job}`])).stdout
}

test("a job is stopped for an urgent one, says so, and goes on when that has ended, in the same attempt", async () => {
  const file = pool().scratch.at("policy.yml")
  writeFileSync(file, POLICY)
  const applied = await pool().windfall(["policy", "apply", file])
  assert.equal(applied.exitCode, 0, applied.stderr)
  const plain = await send([...ALL, "-t", "1h"], COUNTING)
  await pool().untilState(plain, "running")
  const urgent = await send([...ALL, "--qos", "urgent"], ["sleep", "60"])
  await pool().untilState(urgent, "running")
  const stopped = await pool().job(plain)
  assert.equal(stopped.state, "suspended")
  const why = new RegExp(`for job ${urgent} \\(by its QOS\\)`)
  for (const command of ["show", "why"]) assert.match(await text(command, plain), why, command)
  assert.match((await pool().windfall(["ps"])).stdout, new RegExp(`${plain} .*suspended .*for job ${urgent} `))
  // Past a crash of the server nothing of that is forgotten.
  await pool().server.kill9()
  await pool().server.start()
  await pool().untilHost("host1", ({ link }) => link === "ready")
  assert.equal((await pool().job(plain)).state, "suspended")
  assert.equal((await pool().windfall(["stop", `${urgent}`])).exitCode, 0)
  await pool().untilState(plain, "running")
  const { attempts } = await pool().job(plain)
  assert.equal(attempts.length, 1)
  assert.ok((attempts[0]?.suspendedMs ?? 0) > 0)
  assert.equal((await pool().windfall(["stop", "--now", `${plain}`])).exitCode, 0)
  await pool().untilState(plain, "cancelled")
})

test("a job is warned before its time limit, and who could not be warned is refused", async () => {
  const program = "trap 'echo saved; exit 3' USR1; while :; do sleep 0.05; done"
  const refused = await pool().windfall(["send", "--no-folder", "--signal", "USR1@5m", "--", "true"])
  assert.deepEqual([refused.exitCode, /it has none/.test(refused.stderr)], [2, true], refused.stderr)
  const job = await send(["-t", "3s", "--signal", "USR1@2s"], ["sh", "-c", program])
  assert.match(await text("show", job), /warning +SIGUSR1, 2s before its time limit/)
  await pool().untilState(job, "failed")
  const { cause, exitCode } = await pool().job(job)
  assert.deepEqual([cause, exitCode], ["exited", 3])
})
