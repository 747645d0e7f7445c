import assert from "node:assert/strict"
import { test } from "node:test"
import type { QueueView } from "../../src/protocol/queue.ts"
import type { Pool } from "../support/pool.ts"
import { TerminalUser } from "../support/terminal-user.ts"
import { usePool } from "../support/use-pool.ts"

const pool = usePool({ hosts: 2 })
const LONG = { command: ["sleep", "600"], name: "nap", resources: { memoryBytes: 2 ** 26, gpus: null, cores: 1 } }

test("what hosts say of themselves is shown: in host ls, host show and for scripts", async () => {
  const { vitals } = await pool().untilHost("host1", (host) => host.vitals !== null)
  assert.ok((vitals?.memoryAvailableBytes ?? 0) > 0)
  assert.ok((vitals?.load ?? -1) >= 0)
  assert.deepEqual([vitals?.gpuBusyPercent, vitals?.heat, vitals?.power], [null, null, null], "nobody looks on Linux")
  const { stdout } = await pool().windfall(["host", "ls", "--free", "--json"])
  const free = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line))
  assert.deepEqual(
    free.map(({ name, standing }) => [name, standing.code]),
    [
      ["host1", "free"],
      ["host2", "free"],
    ],
  )
  assert.match((await pool().windfall(["host", "show", "host1"])).stdout, /^memory now +\d.* available/m)
  await pool().windfall(["host", "drain", "host2"])
  const { stdout: table } = await pool().windfall(["host", "ls", "--free"])
  assert.match(table, /^HOST +NOW .*\nhost1 +free .*\n$/)
  assert.match((await pool().windfall(["host", "ls"])).stdout, /^host2 +draining .*an administrator has drained it$/m)
  await pool().windfall(["host", "resume", "host2"])
})

test("top shows hosts, jobs and queue as they come and go, and gives the terminal back as it was", async () => {
  const line = 'before=$(stty -g); windfall top; code=$?; [ "$(stty -g)" = "$before" ] && echo back-$code'
  await using user = new TerminalUser(pool(), line)
  await user.sees("\x1b[?1049h")
  await user.sees("2 hosts: 2 free   0 jobs run, 0 wait")
  const job = await pool().submit({ ...LONG, host: "host1" })
  await user.sees(/1 free, 1 partly {3}1 job runs/)
  await user.sees(new RegExp(`host1 +\\x1b\\[32mpartly.*\\x1b\\[K\\r\\n {2}${job.id} +nap `))
  const second = await pool().submit({ ...LONG, name: "other", host: "host2" })
  await user.sees(/2 jobs run/)
  await pool().api("POST", `/v1/jobs/${second.id}/stop`, { now: true })
  await user.sees(/1 job runs/)
  user.resize(40, 4)
  await user.sees(/\.\.\. \d+ more lines/)
  user.type("q")
  await user.sees("\x1b[?1049l")
  await user.sees("back-0")
  await pool().api("POST", `/v1/jobs/${job.id}/stop`, { now: true })
  await pool().awaitJob(job.id)
})

test("a server that is killed is said to be gone while its last picture stays, and is followed again", async () => {
  await using user = new TerminalUser(pool(), "NO_COLOR=1 windfall top; echo over-$?")
  await user.sees("2 hosts: 2 free")
  await pool().server.kill9()
  await user.sees(/2 hosts: .*\r\nNo answer from the server for \d+ s, trying again: Cannot reach/)
  await pool().server.start()
  await user.sees(/\d\d:\d\d:\d\d\x1b\[K\r\n\x1b\[K\r\nHOST/)
  assert.equal(user.text.includes("\x1b[31m"), false, "NO_COLOR")
  user.type("\x03")
  await user.sees("over-130")
})

test("where there is no terminal it is printed once; for a program as JSON", async () => {
  const [plain, json] = await Promise.all([pool().windfall(["top"]), pool().windfall(["top", "--json"])])
  assert.equal(plain.exitCode, 0)
  assert.match(plain.stdout, /^2 hosts: .* jobs run, 0 wait {3}\S+\n\nHOST +NOW +/)
  assert.equal(plain.stdout.includes("\x1b"), false)
  const { hosts, queue } = JSON.parse(json.stdout)
  assert.deepEqual([hosts.length, queue.waiting, typeof hosts[0].standing.code], [2, 0, "string"])
})

test("the queue is light, in order, and others' commands stay with them", async () => {
  const ids = await sendTogether(pool(), 3)
  const bob = await pool().addUser("bob")
  const all = await pool().api<QueueView>("GET", "/v1/queue?limit=2")
  assert.deepEqual(
    all.next.map(({ id }) => id),
    ids.slice(0, 2),
  )
  assert.equal(all.waiting, 3)
  assert.deepEqual(all.next[0]?.command, ["sleep", "600"])
  const seen = await pool().api<QueueView>("GET", "/v1/queue", undefined, { token: bob })
  assert.deepEqual(
    seen.next.map(({ command }) => command),
    [["sleep"], ["sleep"], ["sleep"]],
  )
  for (const id of ids) await pool().api("POST", `/v1/jobs/${id}/stop`, { now: true })
})

/** Jobs that wait for as long as their host is drained. */
async function sendTogether(pool: Pool, count: number): Promise<number[]> {
  await pool.windfall(["host", "drain", "host1"])
  const ids: number[] = []
  for (let i = 0; i < count; i++) ids.push((await pool.submit({ ...LONG, name: null, host: "host1" })).id)
  return ids
}
