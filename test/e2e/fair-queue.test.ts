import assert from "node:assert/strict"
import { writeFileSync } from "node:fs"
import { cpus } from "node:os"
import { test } from "node:test"
import type { WhyAnswer } from "../../src/protocol/api.ts"
import type { QueueOrderView } from "../../src/protocol/queue-order.ts"
import { usePool } from "../support/use-pool.ts"

const pool = usePool({ hosts: 1 })
const ALL = ["--cores", `${cpus().length}`]
const POLICY = `
accounts:
  vision: { shares: 3, rank: 10, users: [ann], limits: { group: { running-jobs: 1 } } }
  robots: { shares: 1, rank: 1, users: [bob] }
default-account: robots
partitions: { apple_gpu: { default-time: 1h } }
priority: { weights: { association: 1000, fair-share: 10 } }
`

async function tokenOf(name: string): Promise<string> {
  await pool().api("POST", "/v1/users", { name, role: "user" })
  return (await pool().api<{ token: string }>("POST", "/v1/tokens", { user: name, expiresInMs: null })).token
}

async function send(token: string, flags: readonly string[], command = ["true"]): Promise<number> {
  const args = ["send", "-q", "--no-folder", "--detach", ...flags, "--", ...command]
  const { exitCode, stdout, stderr } = await pool().windfall(args, { token })
  assert.equal(exitCode, 0, stderr)
  return Number(stdout)
}

test("two accounts share a host by policy: order, limit, reasons, holds and dependencies, also past a crash of the server", async () => {
  const file = pool().scratch.at("policy.yml")
  writeFileSync(file, POLICY)
  const applied = await pool().windfall(["policy", "apply", file])
  assert.equal(applied.exitCode, 0, applied.stderr)
  const [ann, bob] = [await tokenOf("ann"), await tokenOf("bob")]
  const wrong = await pool().windfall(["send", "--no-folder", "--account", "vision", "--", "true"], { token: bob })
  assert.deepEqual([wrong.exitCode, /bob is not in account vision/.test(wrong.stderr)], [2, true], wrong.stderr)
  const pushy = await pool().windfall(["send", "--no-folder", "--nice=-100", "--", "true"], { token: bob })
  assert.deepEqual([pushy.exitCode, /only administrators may raise/.test(pushy.stderr)], [2, true], pushy.stderr)
  const raised = await pool().windfall(["send", "-q", "--no-folder", "--detach", "--hold", "--nice=-100", "--", "true"])
  assert.equal((await pool().job(Number(raised.stdout))).spec.queue?.nice, -100, raised.stderr)
  assert.equal((await pool().windfall(["stop", raised.stdout.trim()])).exitCode, 0)
  const first = await send(bob, ALL, ["sleep", "60"])
  await pool().untilState(first, "running")
  const robots = await send(bob, [...ALL, "-t", "10m"])
  const vision = await send(ann, [...ALL, "-t", "10m"])
  const held = await send(ann, ["--hold", "-t", "10m"])
  const never = await send(bob, ["--after", `ok:${first}`])
  const later = await send(bob, ["--after", `any:${never}`])
  const { entries } = await pool().api<QueueOrderView>("GET", "/v1/queue/order")
  assert.deepEqual(
    entries.map(({ job, place, code }) => [job, place, code]),
    [
      [vision, 1, "resources"],
      [robots, 2, "resources"],
      [held, null, "held"],
      [never, null, "dependency"],
      [later, null, "dependency"],
    ],
  )
  const snapshot = pool().scratch.at("pool.json")
  const written = await pool().windfall(["policy", "snapshot", "--out", snapshot])
  assert.equal(written.exitCode, 0, written.stderr)
  const planned = await pool().windfall(["policy", "plan", "--json", snapshot])
  const plan = JSON.parse(planned.stdout) as { jobs: { job: number; place: number | null; code: string }[] }
  assert.deepEqual(
    plan.jobs.map(({ job, place, code }) => [job, place, code]),
    entries.map(({ job, place, code }) => [job, place, code]),
  )
  const queue = await pool().windfall(["queue"])
  assert.match(queue.stdout, new RegExp(`1 +${vision} +ann +vision +normal +\\d+ +in .*too little room`), queue.stderr)
  const why = await pool().windfall(["why", `${robots}`])
  assert.match(why.stdout, /association +0\.1 +1000 +100/)
  assert.match(why.stdout, new RegExp(`${vision} +ann +\\d+ +its priority is higher by`))
  assert.match(why.stdout, /Expected start: .*in 1h/)

  await pool().server.kill9()
  await pool().server.start()
  await pool().untilHost("host1", ({ link }) => link === "ready")
  const states = await Promise.all([held, never, later].map(async (id) => (await pool().job(id)).state))
  assert.deepEqual(states, ["held", "held", "held"])
  assert.equal((await pool().windfall(["stop", `${first}`, "--now"])).exitCode, 0)
  const [a, b] = await Promise.all([pool().awaitJob(vision), pool().awaitJob(robots)])
  assert.ok((a.startedAt ?? 0) <= (b.startedAt ?? 0))
  const failed = await pool().awaitJob(never)
  assert.deepEqual([failed.state, failed.cause, failed.attempts.length], ["failed", "dependency_failed", 0])
  assert.equal((await pool().awaitJob(later)).state, "succeeded")
  const released = await pool().windfall(["release", `${held}`], { token: ann })
  assert.equal(released.exitCode, 0, released.stderr)
  assert.equal((await pool().awaitJob(held)).state, "succeeded")
})

test("a limit of an account holds and is told", async () => {
  const ann = await pool().api<{ token: string }>("POST", "/v1/tokens", { user: "ann", expiresInMs: null })
  const one = await send(ann.token, [], ["sleep", "60"])
  await pool().untilState(one, "running")
  const two = await send(ann.token, [])
  const why = JSON.parse((await pool().windfall(["why", `${two}`, "--json"])).stdout) as WhyAnswer
  assert.equal(why.code, "limit")
  assert.match(why.summary, /account vision/)
  assert.equal((await pool().windfall(["stop", `${one}`, "--now"])).exitCode, 0)
  assert.equal((await pool().awaitJob(two)).state, "succeeded")
})
