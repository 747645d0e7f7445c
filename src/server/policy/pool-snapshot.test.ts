import assert from "node:assert/strict"
import { test } from "node:test"
import { MovedClock } from "../../../test/support/moved-clock.ts"
import { learnedWeek } from "../../../test/support/office-week.ts"
import { runsOn } from "../../../test/support/simulated-host.ts"
import { seesPeople } from "../../../test/support/simulated-owner.ts"
import { TestServer } from "../../../test/support/test-server.ts"
import type { WhyAnswer } from "../../protocol/api.ts"
import type { WindfallError } from "../../protocol/errors.ts"
import type { JobSpec } from "../../protocol/job.ts"
import type { SnapshotView } from "../../protocol/policy-api.ts"
import type { QueueOrderView } from "../../protocol/queue-order.ts"
import { NO_QUEUE_REQUEST, type QueueRequest } from "../../protocol/queue-request.ts"
import { planQueue } from "../../scheduler/queue/plan-queue.ts"
import { PlanReport } from "../../scheduler/queue/plan-report.ts"
import { reasonText } from "../../scheduler/queue/reason-text.ts"
import { readScene } from "../../scheduler/queue-file/read-scene.ts"

const HOUR_MS = 3_600_000
/** A Tuesday, 07:00 in Berlin. */
const NOW_MS = Date.parse("2026-11-24T06:00:17.003Z")
const POLICY = `
accounts:
  vision: { shares: 3, users: [ann], limits: { group: { running-jobs: 1 } } }
  robots: { shares: 1, users: [bob], limits: { group: { minutes: { cpu: 5000 } } } }
default-account: robots
partitions: { apple_gpu: { default-time: 1h }, fast: { hosts: [{ labels: { room: a } }, beta], tier: 2 } }
default-partition: apple_gpu
qos: { urgent: { rank: 10, preempts: [normal] } }
priority: { weights: { fair-share: 1000, age: 100, qos: 50 } }
backfill: { window: 3d }
`
const whole = (change: Partial<QueueRequest> = {}, limitMs: number | null = 2 * HOUR_MS): Partial<JobSpec> => ({
  resources: { memoryBytes: null, gpus: null, cores: 2 },
  timeLimitMs: limitMs,
  queue: { ...NO_QUEUE_REQUEST, ...change },
})

/** A pool in which plans rest on everything there is. */
async function busyPool() {
  const clock = new MovedClock(NOW_MS)
  await using undo = new AsyncDisposableStack()
  const server = undo.use(await TestServer.start({ clock }))
  const ann = { token: await server.userToken("ann") }
  const bob = { token: await server.userToken("bob") }
  const zone = { timeZone: "Europe/Berlin" }
  const alpha = await server.hosts.join("alpha", zone, { owner: "ann" })
  const hosts = [alpha, await server.hosts.join("beta", zone), await server.hosts.join("gamma", zone)]
  const { learnedWeeks } = server.running.core.store
  learnedWeeks.put({ host: alpha.id, learns: true, week: learnedWeek([0, 1, 2, 3, 4], 9, 18, NOW_MS) })
  await server.stop()
  await server.start()
  for (const host of hosts) host.script = runsOn
  await server.call("POST", "/v1/policy", { text: POLICY, dryRun: false })
  await server.call("POST", "/v1/bookings", {
    name: "course",
    hosts: ["gamma"],
    startAt: NOW_MS + 26 * HOUR_MS,
    durationMs: 3 * HOUR_MS,
    timeZone: "Europe/Berlin",
    users: ["bob"],
  })
  seesPeople(alpha, "here")
  for (const who of [ann, bob]) {
    const { id } = await server.submit(whole(), who)
    await server.untilState(id, "running")
  }
  clock.advance(HOUR_MS / 2)
  const first = await server.submit(whole(), ann)
  await server.submit(whole({}, null), bob)
  await server.submit(whole({ qos: "urgent", partitions: ["fast", "apple_gpu"], nice: 7 }), bob)
  await server.submit({ ...whole({}, 60_007), name: "sweep" }, bob)
  await server.submit(whole({ hold: true }), ann)
  await server.submit(whole({ after: `afterok:${first.id}` }), ann)
  await server.submit(whole({ beginAt: NOW_MS + 5 * HOUR_MS }), bob)
  undo.move()
  return { server }
}

async function snapshotOf(server: TestServer, mask: boolean) {
  const view = await server.call<SnapshotView>("GET", `/v1/policy/snapshot?mask=${mask}`)
  const text = JSON.stringify(view.snapshot)
  const read = readScene(text)
  assert.deepEqual(read.problems, null)
  if (read.scene === null) throw new TypeError("not read")
  return { text, scene: read.scene, nowMs: read.nowMs }
}

test("policy plan makes of a snapshot the plan that the server tells: order, times, hosts, reasons, priorities", async () => {
  const { server } = await busyPool()
  await using _ = server
  const { scene, nowMs } = await snapshotOf(server, false)
  const plan = planQueue(scene, nowMs, { estimates: true })
  const told = await server.call<QueueOrderView>("GET", "/v1/queue/order")
  assert.equal(told.at, nowMs)
  assert.deepEqual(
    plan.entries.map((entry) => ({
      job: entry.job,
      place: entry.place,
      code: entry.reason?.code ?? "starting",
      reason: entry.reason === null ? "starts now" : reasonText(entry.reason, nowMs),
      startAt: entry.startMs,
      estimate: entry.estimate,
      hosts: entry.hosts,
      priority: entry.place === null ? null : entry.priority,
    })),
    told.entries.map(({ job, place, code, reason, startAt, estimate, hosts, priority }) => {
      return { job, place, code, reason, startAt, estimate, hosts, priority }
    }),
  )
  const codes = new Set(told.entries.map(({ code }) => code))
  for (const code of ["held", "dependency", "begin_time", "limit", "resources"]) assert.ok(codes.has(code), code)
  assert.ok(told.entries.some(({ startAt }) => startAt !== null))
  const report = new PlanReport(scene, plan)
  for (const entry of plan.entries.filter(({ place }) => place !== null)) {
    const why = await server.call<WhyAnswer>("GET", `/v1/jobs/${entry.job}/why`)
    assert.deepEqual(
      report.hostsOf(entry).map(({ host, text }) => [host.name, text]),
      why.hosts.map(({ name, text }) => [name, text]),
    )
    assert.deepEqual(report.priorityOf(entry).rows, why.priority?.rows)
  }
})

test("masked it has no name of the pool, and its plan is the same but for names", async () => {
  const { server } = await busyPool()
  await using _ = server
  const [plain, masked] = [await snapshotOf(server, false), await snapshotOf(server, true)]
  for (const name of ["ann", "bob", "alpha", "beta", "gamma", "vision", "robots", "course", "sweep", "room"])
    assert.ok(!new RegExp(`\\b${name}\\b`).test(masked.text) && new RegExp(`\\b${name}\\b`).test(plain.text), name)
  const brief = ({ scene, nowMs }: typeof plain) =>
    planQueue(scene, nowMs, { estimates: true }).entries.map((entry) => [
      entry.job,
      entry.place,
      entry.state,
      entry.startMs,
      entry.reason?.code,
      entry.hosts.map((id) => scene.hosts.findIndex((host) => host.id === id)),
    ])
  assert.deepEqual(brief(masked), brief(plain))
})

test("without a policy there is one, too; and only administrators get any", async () => {
  await using server = await TestServer.start()
  const host = await server.hosts.join("alpha")
  host.script = runsOn
  await server.untilState((await server.submit(whole())).id, "running")
  const second = await server.submit(whole())
  const { scene, nowMs } = await snapshotOf(server, false)
  const [entry] = planQueue(scene, nowMs).entries
  assert.deepEqual([entry?.job, entry?.state, entry?.hosts], [second.id, "reserved", ["alpha"]])
  const token = await server.userToken("bob")
  await assert.rejects(
    server.call("GET", "/v1/policy/snapshot", undefined, { token }),
    ({ code }: WindfallError) => code === "not_allowed",
  )
})

test("a held array stands with its tasks, and who depends on an array waits for it", async () => {
  await using server = await TestServer.start()
  const host = await server.hosts.join("alpha", { cores: 8 })
  host.script = runsOn
  const small: Partial<JobSpec> = { resources: { memoryBytes: null, gpus: 0, cores: 1 } }
  const asking = (change: Partial<QueueRequest>) => ({ ...small, queue: { ...NO_QUEUE_REQUEST, ...change } })
  const array = (tasks: string, change: Partial<QueueRequest> = {}) => ({ ...asking(change), array: tasks })
  const running = await server.submit(array("1-2"))
  await server.until(running.id, (job) => job.array?.counts.running === 2)
  const begun = [...host.attempts.values()][0]!
  const held = await server.submit(array("3-7:2%2", { hold: true }))
  const parts = await server.submit(array("0-1", { beginAt: server.running.core.clock.now() + HOUR_MS }))
  const waits = await server.submit(asking({ after: `afterok:${running.id}` }))
  const each = await server.submit(array("1-2", { after: `aftercorr:${running.id}` }))
  const one = await server.submit(asking({ after: `afterok:${running.id}_1` }))
  const codesOf = (all: readonly { job: number; code: string }[]) => all.map(({ job, code }) => [job, code])
  const compare = async () => {
    const { scene, nowMs } = await snapshotOf(server, false)
    const told = await server.call<QueueOrderView>("GET", "/v1/queue/order")
    const { entries } = planQueue(scene, nowMs)
    const planned = entries.map(({ job, reason }) => ({ job, code: reason?.code ?? "starting" }))
    assert.deepEqual(codesOf(planned), codesOf(told.entries))
    return { scene, codes: new Map(codesOf(told.entries) as [number, string][]) }
  }
  const { scene, codes } = await compare()
  const tasksOf = (id: number) => scene.waiting.find((job) => job.id === id)?.array?.tasks
  assert.deepEqual([tasksOf(held.id)?.count, tasksOf(held.id)?.atOnce], [3, 2])
  assert.deepEqual(tasksOf(parts.id)?.runs, [{ first: 0, last: 1 }])
  assert.deepEqual(
    [held, parts, waits, each, one].map(({ id }) => codes.get(id)),
    ["held", "begin_time", "dependency", "dependency", "dependency"],
  )
  // One task ends, and who waited for that one alone is let go.
  host.finish(begun, { exitCode: 0 })
  await server.until(running.id, (job) => job.array?.counts.succeeded === 1)
  await compare()
})
