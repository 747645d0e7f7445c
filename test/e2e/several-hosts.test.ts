/** One job on several hosts: the same command on each, which finds the others; all begin, end and step aside together. */
import assert from "node:assert/strict"
import { test } from "node:test"
import type { JobView } from "../../src/protocol/job.ts"
import { eventually } from "../support/agent-home.ts"
import { killIfThere } from "../support/kill-if-there.ts"
import { usePool } from "../support/use-pool.ts"

const TIMING = { pingMs: 500, silenceMs: 1_000, firstRetryMs: 100, lastRetryMs: 500 }
const pool = usePool({ hosts: 3, server: { timing: TIMING } })

/** Rank 0 listens where all were told that it would; the others say who they are. */
const MEET = `
const net = require("node:net"), env = process.env
if (env.WINDFALL_RANK === "0") {
  let heard = 0
  const server = net.createServer((peer) => peer.on("data", (data) => {
    console.log("heard " + data)
    peer.end("welcome")
    if (++heard === env.WINDFALL_NODE_COUNT - 1) server.close()
  }))
  server.listen(Number(env.WINDFALL_PORT), env.WINDFALL_PEERS.split(" ")[0])
} else {
  const call = () => net.connect(Number(env.MASTER_PORT), env.MASTER_ADDR)
    .on("connect", function () { this.write("rank " + env.RANK + " of " + env.WORLD_SIZE + " on " + env.WINDFALL_NODE_NAMES.split(" ")[env.RANK]) })
    .on("data", (data) => console.log(String(data)))
    .on("error", () => setTimeout(call, 50))
  call()
}`
const WORK = ["sh", "-c", "trap 'exit 0' TERM; echo up; sleep 3600 & wait"]

const working = () =>
  pool()
    .hosts.flatMap((host) => host.processes())
    .filter(({ command }) => command.startsWith("sleep 3600"))
const causes = ({ attempts }: JobView, number: number) =>
  attempts.filter((one) => one.number === number).map(({ cause }) => cause)

async function startWork(nodes: number): Promise<JobView> {
  const gang = { hosts: nodes, onMemberFailure: "end", outputsFrom: "main" } as const
  const { id } = await pool().submit({ command: WORK, gang })
  const job = await pool().untilState(id, "running")
  await eventually(() => working().length === nodes, "all members at work")
  return job
}

test("members find each other by address and port, and what each prints is shown with its rank", async () => {
  const { exitCode, stdout, stderr } = await pool().windfall([
    "send",
    "--nodes",
    "3",
    "--no-folder",
    "--",
    "sh",
    "-c",
    '"$WINDFALL_NODE" -e "$1"',
    "sh",
    MEET,
  ])
  assert.equal(exitCode, 0, stderr)
  const lines = stdout.trim().split("\n").sort()
  assert.match(lines[0]!, /^\[0\] heard rank 1 of 3 on \S+$/)
  assert.match(lines[1]!, /^\[0\] heard rank 2 of 3 on \S+$/)
  assert.deepEqual(lines.slice(2), ["[1] welcome", "[2] welcome"])
  const listed = await pool().windfall(["ps", "--all"])
  assert.match(listed.stdout, / \S+ \+2 /)
  const [id = ""] = /\d+/.exec(listed.stdout.split("\n")[1] ?? "") ?? []
  assert.match(
    (await pool().windfall(["show", id])).stdout,
    /hosts +3 at once; one that fails ends all[\s\S]*ATTEMPT +RANK +HOST/,
  )
  assert.equal((await pool().windfall(["logs", id, "--rank", "2"])).stdout, "welcome\n")
})

test("one that fails ends all with its exit code", async () => {
  const script = 'if [ "$RANK" = 1 ]; then exit 5; fi; sleep 3600'
  const { exitCode, stderr } = await pool().windfall(["send", "-N", "2", "--no-folder", "--", "sh", "-c", script])
  assert.equal(exitCode, 5, stderr)
  assert.match(stderr, /failed with exit code 5.*: rank 1 on \S+ ended \(exit code 5\)/)
  await eventually(() => working().length === 0, "nothing left")
  const refused = await pool().windfall(["send", "-N", "4", "--no-folder", "--", "true"])
  assert.deepEqual(
    [refused.exitCode === 0, /it asks for 4 hosts, and 3 hosts could/.test(refused.stderr)],
    [false, true],
  )
})

test("server and an agent are killed in the middle: the members go on, nothing runs twice, and a stop ends all", async () => {
  const { id, attempts } = await startWork(2)
  const pids = working().map(({ pid }) => pid)
  await pool().server.kill9()
  const host = pool().hosts.find(({ name }) => name === attempts[1]?.hostName)!
  for (const { pid, command } of host.processes()) if (command.includes("agent.mjs --root")) killIfThere(pid)
  await pool().server.start()
  const job = await pool().untilJob(id, (now) =>
    now.attempts.every(({ outOfContactSince }) => outOfContactSince === null),
  )
  assert.deepEqual(
    job.attempts.map(({ id, state }) => [id, state]),
    attempts.map(({ id }) => [id, "running"]),
  )
  assert.deepEqual(
    working().map(({ pid }) => pid),
    pids,
  )
  await pool().api("POST", `/v1/jobs/${id}/stop`, { now: false })
  const ended = await pool().awaitJob(id)
  assert.deepEqual([ended.state, causes(ended, 1)], ["cancelled", ["cancelled", "cancelled"]])
  assert.equal(working().length, 0)
})

test("a pause of one host has all members leave, and the job waits until all can be had again", async () => {
  const { id } = await startWork(3)
  assert.equal((await pool().windfall(["mac", "pause", "--host", "host3"])).exitCode, 0)
  const left = await pool().untilState(id, "queued")
  assert.deepEqual([...causes(left, 1)].sort(), ["member_ended", "member_ended", "owner_policy"])
  await eventually(() => working().length === 0, "nothing left")
  assert.match((await pool().windfall(["why", `${id}`])).stdout, /host3 +paused/)
  assert.equal((await pool().windfall(["mac", "resume", "--host", "host3"])).exitCode, 0)
  const again = await pool().untilState(id, "running")
  assert.deepEqual(
    again.attempts.map(({ number, rank }) => [number, rank]).slice(3),
    [0, 1, 2].map((rank) => [2, rank]),
  )
  await pool().api("POST", `/v1/jobs/${id}/stop`, { now: true })
  assert.equal((await pool().awaitJob(id)).state, "cancelled")
})
