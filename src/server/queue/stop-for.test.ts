import assert from "node:assert/strict"
import { describe, it } from "node:test"
import { runsOn, type SimulatedHost } from "../../../test/support/simulated-host.ts"
import { TestServer } from "../../../test/support/test-server.ts"
import type { WhyAnswer } from "../../protocol/api.ts"
import type { JobSpec, JobView } from "../../protocol/job.ts"
import { NO_QUEUE_REQUEST } from "../../protocol/queue-request.ts"

const MIB = 1024 ** 2
/** All cores of the host. */
const ALL: Partial<JobSpec> = { resources: { memoryBytes: 512 * MIB, gpus: null, cores: 2 } }
const URGENT: Partial<JobSpec> = { ...ALL, queue: { ...NO_QUEUE_REQUEST, qos: "urgent" } }
const FIRST: Partial<JobSpec> = { ...ALL, queue: { ...NO_QUEUE_REQUEST, qos: "first" } }
const POLICY = `
qos: { urgent: { rank: 10, preempts: [normal] }, first: { rank: 20, preempts: [normal, urgent] } }
preemption: { by: qos, mode: suspend, grace: 1h }
`

async function start() {
  const server = await TestServer.start()
  const host = await server.hosts.join("alpha")
  host.script = runsOn
  await server.call("POST", "/v1/policy", { text: POLICY, dryRun: false })
  return { server, host }
}

function end(host: SimulatedHost, { id }: JobView): void {
  for (const attempt of host.attempts.values())
    if (attempt.order.job === id && attempt.phase === "running") host.finish(attempt)
}

const words = (host: SimulatedHost) =>
  host.said.flatMap((one) => (one.type === "suspend-for" ? [[one.turn, one.for, one.text]] : []))

async function running(server: TestServer, spec: Partial<JobSpec>): Promise<JobView> {
  return server.untilState((await server.submit(spec)).id, "running")
}

describe("a job that is stopped for another one", () => {
  it("goes on when that has ended, in the same attempt, and says for whom it was stopped", async () => {
    const { server, host } = await start()
    await using _ = server
    const plain = await running(server, ALL)
    const urgent = await running(server, URGENT)
    const stopped = await server.job(plain.id)
    assert.deepEqual(
      [stopped.state, stopped.reason, stopped.attempts[0]?.suspended?.code],
      ["suspended", `suspended: for job ${urgent.id} (by its QOS)`, "preempted"],
    )
    // Nobody else gets what it holds, and it is not preempted twice.
    const next = await server.submit(ALL)
    assert.equal((await server.job(next.id)).state, "queued")
    end(host, urgent)
    const after = await server.untilState(plain.id, "running")
    assert.deepEqual([after.attempts.length, after.attempts[0]?.suspended], [1, null])
    // Nothing is charged for that time.
    const { stops = [] } = server.running.core.store.usage.interval(after.attempts[0]!.id) ?? {}
    assert.deepEqual([stops.length, typeof stops[0]?.[1]], [1, "number"])
    assert.equal((await server.job(next.id)).state, "queued")
    assert.deepEqual(words(host), [
      [1, urgent.id, `for job ${urgent.id} (by its QOS)`],
      [2, null, `job ${urgent.id} has left`],
    ])
    assert.equal(host.said.filter(({ type }) => type === "stop").length, 0)
  })

  it("stays stopped while tasks of an array run for which it was, one after the other, and goes on after the last", async () => {
    const { server, host } = await start()
    await using _ = server
    const plain = await running(server, ALL)
    const { id } = await server.submit({ ...URGENT, array: "1-2" })
    const taskOf = async (index: number) =>
      server.until(
        (await server.call<JobView>("GET", `/v1/jobs/${id}_${index}`)).id,
        ({ state }) => state === "running",
      )
    await server.until(plain.id, ({ state }) => state === "suspended")
    await server.until(id, ({ array }) => array?.counts.running === 1)
    for (const index of [1, 2]) {
      const task = await taskOf(index)
      assert.equal((await server.job(plain.id)).state, "suspended")
      assert.equal(words(host).length, 1)
      end(host, task)
      if (index === 1)
        await server.until(id, ({ array }) => array?.counts.succeeded === 1 && array.counts.running === 1)
    }
    assert.equal((await server.untilState(plain.id, "running")).attempts.length, 1)
    assert.deepEqual(words(host).at(-1)?.slice(1), [null, `job ${id} has left`])
  })

  it("goes on when the task has ended that took its place, while another of the array runs beside it", async () => {
    const { server, host } = await start()
    await using _ = server
    const one: Partial<JobSpec> = { resources: { memoryBytes: 512 * MIB, gpus: 0, cores: 1 } }
    const plain = await running(server, one)
    const { id } = await server.submit({ ...one, queue: URGENT.queue!, array: "1-2" })
    await server.until(id, ({ array }) => array?.counts.running === 2)
    const { standing } = await server.until(plain.id, ({ state }) => state === "suspended")
    const runner = standing?.stoppedFor?.runner
    const tasks = await Promise.all([1, 2].map((index) => server.call<JobView>("GET", `/v1/jobs/${id}_${index}`)))
    const inItsPlace = tasks.find((task) => task.id === runner)
    assert.ok(inItsPlace, `${runner}`)
    end(host, inItsPlace)
    await server.untilState(plain.id, "running")
    const [beside] = tasks.filter((task) => task.id !== runner)
    assert.equal((await server.job(beside!.id)).state, "running")
  })

  it("goes on when that was stopped before it started, and is told so at the next contact", async () => {
    const { server, host } = await start()
    await using _ = server
    const plain = await running(server, ALL)
    host.obeys = false
    const urgent = await server.submit(URGENT)
    await server.until(plain.id, ({ standing }) => standing?.stoppedFor?.for === urgent.id)
    assert.equal((await server.job(urgent.id)).state, "queued")
    host.cut()
    await server.call("POST", `/v1/jobs/${urgent.id}/stop`, { now: false })
    await server.until(plain.id, ({ standing }) => standing?.stoppedFor?.for === null)
    host.obeys = true
    host.connect()
    const { standing, state } = await server.until(plain.id, (job) => job.standing?.stoppedFor?.done === true)
    assert.deepEqual([state, standing?.stoppedFor?.turn], ["running", 2])
    assert.deepEqual(words(host).at(-1)?.slice(0, 2), [2, null])
  })

  it("stays stopped past a restart of the server, and is stopped again for who preempts that one", async () => {
    const { server, host } = await start()
    await using _ = server
    const plain = await running(server, ALL)
    const urgent = await running(server, URGENT)
    await server.stop()
    await server.start()
    assert.equal((await server.job(plain.id)).state, "suspended")
    const first = await running(server, FIRST)
    assert.equal((await server.job(urgent.id)).state, "suspended")
    assert.equal((await server.job(plain.id)).state, "suspended")
    end(host, first)
    await server.untilState(urgent.id, "running")
    // One after the other: what both hold is there once.
    assert.equal((await server.job(plain.id)).state, "suspended")
    end(host, urgent)
    await server.untilState(plain.id, "running")
  })

  it("stays stopped for who has its place, when the one is stopped that had it before", async () => {
    const { server, host } = await start()
    await using _ = server
    const plain = await running(server, ALL)
    const urgent = await running(server, URGENT)
    const first = await running(server, FIRST)
    await server.call("POST", `/v1/jobs/${urgent.id}/stop`, { now: true })
    await server.until(plain.id, ({ standing }) => standing?.stoppedFor?.for === first.id)
    await server.untilState(urgent.id, "cancelled")
    assert.equal((await server.job(plain.id)).state, "suspended")
    end(host, first)
    await server.untilState(plain.id, "running")
  })

  it("stays stopped while the one is there yet that has its place, though who was to have that next is stopped before", async () => {
    await using server = await TestServer.start()
    const host = await server.hosts.join("alpha")
    host.script = runsOn
    const text = POLICY.replace("urgent: { rank: 10,", "urgent: { rank: 10, preempt-mode: requeue,")
    await server.call("POST", "/v1/policy", { text, dryRun: false })
    const plain = await running(server, ALL)
    const urgent = await running(server, URGENT)
    // It does not leave before its hour is over.
    host.obeys = false
    const first = await server.submit(FIRST)
    await server.until(plain.id, ({ standing }) => standing?.stoppedFor?.for === first.id)
    await server.until(urgent.id, ({ standing }) => standing?.leaving?.for === first.id)
    await server.call("POST", `/v1/jobs/${first.id}/stop`, { now: true })
    await server.untilEnded(first.id)
    const { state, standing } = await server.job(plain.id)
    assert.deepEqual([state, standing?.stoppedFor?.runner], ["suspended", urgent.id])
    end(host, urgent)
    await server.until(plain.id, (job) => job.standing?.stoppedFor?.for === null)
  })

  it("is let be where it may run only once and its memory would not leave room", async () => {
    const { server, host } = await start()
    await using _ = server
    // Of 8 GiB, less what is kept free.
    const large: Partial<JobSpec> = {
      resources: { memoryBytes: 4.5 * 1024 * MIB, gpus: null, cores: 2 },
      retry: { limit: 0, afterSilenceMs: null, once: true },
    }
    const plain = await running(server, large)
    const urgent = await server.submit({ ...URGENT, resources: large.resources! })
    assert.deepEqual([(await server.job(urgent.id)).state, (await server.job(plain.id)).state], ["queued", "running"])
    assert.deepEqual(words(host), [])
    const why = await server.call<WhyAnswer>("GET", `/v1/jobs/${urgent.id}/why`)
    assert.match(why.hosts[0]?.text ?? "", new RegExp(`; job ${plain.id} may run only once and is not preempted$`))
  })
})
