/** What a Mac does that no server in a rack does: it sleeps, its kernel panics, its owner's apps take the memory. */
import assert from "node:assert/strict"
import { test } from "node:test"
import type { WhyAnswer } from "../../src/protocol/api.ts"
import { eventually } from "../support/agent-home.ts"
import { usePool } from "../support/use-pool.ts"

const GIB = 1024 ** 3
const TIMING = { pingMs: 500, silenceMs: 1_500, firstRetryMs: 100, lastRetryMs: 500 }
const pool = usePool({
  hosts: [{ kind: "mac" }, { kind: "mac" }],
  joinNone: true,
  server: { timing: TIMING, labMacs: true },
})

function macs() {
  const [one, two] = pool().hosts
  assert.ok(one !== undefined && two !== undefined)
  return [one, two] as const
}

const RUNS_ON = ["sh", "-c", "echo up; sleep 600"]

test("a Mac whose memory the owner's apps use takes no job that would not fit, and takes it when they are gone", async () => {
  const [mac1, mac2] = macs()
  mac1.mac.memory({ freeBytes: 25 * GIB })
  await Promise.all([mac1, mac2].map((host) => pool().join(host)))
  // By then it is known that nobody is there.
  const first = await pool().submit({ host: "mac1", resources: { memoryBytes: null, gpus: 0, cores: 1 } })
  await pool().awaitJob(first.id)
  const resources = { memoryBytes: 48 * GIB, gpus: 1, cores: 1 }
  const { id } = await pool().submit({ host: "mac1", command: RUNS_ON, resources })
  const why = await pool().api<WhyAnswer>("GET", `/v1/jobs/${id}/why`)
  assert.equal(why.code, "memory_short")
  assert.match(why.summary, /^mac1: 1\d GB free for GPU jobs now, 48 GB asked$/)
  mac1.mac.memory({ freeBytes: 70 * GIB })
  // The next sample tells, which comes soon where something runs.
  const other = await pool().submit({
    host: "mac1",
    command: RUNS_ON,
    resources: { ...resources, memoryBytes: GIB, gpus: 0 },
  })
  await pool().untilState(id, "running")
  await pool().windfall(["stop", "--now", `${id}`, `${other.id}`])
  for (const ended of [id, other.id]) await pool().awaitJob(ended)
})

test("a Mac is kept awake as long as an attempt runs, also without an agent; its display may be put to sleep", async () => {
  const [mac1] = macs()
  const slept = () => mac1.mac.records("pmset").filter(({ words }) => words.includes("displaysleepnow"))
  assert.deepEqual(slept(), [], "without a rule the display is left alone, whatever ran")
  await pool().api("POST", "/v1/hosts/mac1/owner/rules", { rules: { display: "sleep" } })
  const held = () => mac1.processes().filter(({ command }) => /caffeinate/.test(command))
  assert.deepEqual(held(), [])
  const { id } = await pool().submit({ host: "mac1", command: RUNS_ON })
  await pool().untilState(id, "running")
  await eventually(() => held().length === 1, "sleep is held off")
  await eventually(() => slept().length === 1, "the display is put to sleep")
  assert.match(held()[0]?.command ?? "", /caffeinate -i -s -w \d+$/)
  const agents = () => mac1.processes().flatMap(({ pid, command }) => (/\/agent\S*\.mjs/.test(command) ? [pid] : []))
  const [agent] = agents()
  assert.ok(agent !== undefined, JSON.stringify(mac1.processes()))
  process.kill(agent, "SIGKILL")
  await eventually(() => agents().some((pid) => pid !== agent), "another agent is there")
  assert.equal(held().length, 1)
  await pool().windfall(["stop", "--now", `${id}`])
  await pool().awaitJob(id)
  await eventually(() => held().length === 0, "nothing holds sleep off any more")
})

test("a sleep is named as the cause of the silence", async () => {
  const [, mac2] = macs()
  const { id } = await pool().submit({ host: "mac2", command: RUNS_ON })
  await pool().untilState(id, "running")
  await mac2.mac.sleep(7_000)
  const job = await pool().untilJob(id, ({ attempts }) => attempts[0]?.sleeps !== undefined)
  const [sleep] = job.attempts[0]?.sleeps ?? []
  assert.ok(
    sleep !== undefined && sleep.to - sleep.from > 5_000 && sleep.to - sleep.from < 60_000,
    JSON.stringify(sleep),
  )
  const shown = await pool().windfall(["show", `${id}`])
  assert.match(shown.stdout, /While attempt 1 ran, mac2 slept for .* \(lid or sleep\), from /)
  const events = await pool().windfall(["events"])
  assert.match(events.stdout, /host mac2 slept .* \(lid or sleep\) while it ran job/)
  await pool().windfall(["stop", "--now", `${id}`])
  await pool().awaitJob(id)
})

test("a panic ends the attempt with what the kernel said, and the job goes to another Mac", async () => {
  const [mac1] = macs()
  // Alike in size: mac1 is the first choice.
  const { id } = await pool().submit({ command: RUNS_ON, retry: { limit: 3, afterSilenceMs: null, once: false } })
  const running = await pool().untilState(id, "running")
  assert.equal(running.attempts[0]?.hostName, "mac1")
  await mac1.mac.panic()
  const again = await pool().untilJob(id, ({ attempts }) => attempts[1]?.state === "running")
  const [first, second] = again.attempts
  assert.equal(first?.cause, "host_crashed")
  assert.match(first?.message ?? "", /crashed while it ran: kernel panic: .*prepare count underflow.*macOS 26\.1/)
  assert.equal(second?.hostName, "mac2")
  const events = await pool().windfall(["events"])
  assert.match(events.stdout, /host mac1 crashed while it ran job \d+: .*kernel panic/)
  await pool().windfall(["stop", "--now", `${id}`])
  await pool().awaitJob(id)
})
