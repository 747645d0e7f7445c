import assert from "node:assert/strict"
import { test } from "node:test"
import { runsOn } from "../../../test/support/simulated-host.ts"
import { TestServer, taskSpec } from "../../../test/support/test-server.ts"
import type { WhyAnswer } from "../../protocol/api.ts"
import type { JobSpec } from "../../protocol/job.ts"
import type { JobPreview, JobPreviews } from "../../protocol/job-preview.ts"
import { NO_QUEUE_REQUEST, type QueueRequest } from "../../protocol/queue-request.ts"

const HOUR_MS = 3_600_000
const queue = (asked: Partial<QueueRequest>): Partial<JobSpec> => ({ queue: { ...NO_QUEUE_REQUEST, ...asked } })
const ALL: Partial<JobSpec> = { resources: { memoryBytes: null, gpus: null, cores: 2 } }

async function preview(server: TestServer, spec: Partial<JobSpec>): Promise<JobPreview> {
  const { jobs } = await server.call<JobPreviews>("POST", "/v1/jobs/preview", { specs: [taskSpec(spec)] })
  return jobs[0]!
}

async function twoHosts(policy: string): Promise<TestServer> {
  const server = await TestServer.start()
  for (const name of ["alpha", "beta"]) (await server.hosts.join(name)).script = runsOn
  if (policy !== "") await server.call("POST", "/v1/policy", { text: policy, dryRun: false })
  return server
}

/** Times that pass are another a moment later. */
const timeless = (text: string) => text.replace(/\bin \d[\w. ]*/g, "in TIME ")

/** What is said of a job before it is sent, which is what is said of it when it was. */
async function saidOf(server: TestServer, spec: Partial<JobSpec>): Promise<string> {
  const before = await preview(server, spec)
  const { id } = await server.submit(spec)
  const after = await server.call<WhyAnswer>("GET", `/v1/jobs/${id}/why`)
  assert.deepEqual([before.code, timeless(before.summary)], [after.code, timeless(after.summary)])
  if (after.hosts.length > 0) assert.deepEqual(before.hosts, after.hosts)
  await server.call("POST", `/v1/jobs/${id}/stop`, { now: true })
  return before.summary
}

test("a dry run knows limits, the longest time, holds and begin times as why does", async () => {
  await using server = await twoHosts(
    "accounts: { lab: { users: { admin: { limits: { group: { running-jobs: 1 } } } } } }\npartitions: { apple_gpu: { longest-time: 2h } }",
  )
  assert.match((await preview(server, {})).summary, /^Starts now on (alpha|beta)$/)
  const { id } = await server.submit({ timeLimitMs: HOUR_MS })
  await server.untilState(id, "running")
  assert.match(await saidOf(server, {}), /^Waits: user admin allows 1 running job: 1 now, 1 asked for$/)
  await server.call("POST", `/v1/jobs/${id}/stop`, { now: true })
  await server.untilEnded(id)
  assert.match(
    await saidOf(server, { timeLimitMs: 3 * HOUR_MS }),
    /^Waits: partition apple_gpu allows 120 minutes to one job: 180 asked for/,
  )
  assert.match(await saidOf(server, queue({ hold: true })), /^Held by its user$/)
  assert.match(await saidOf(server, queue({ beginAt: Date.now() + HOUR_MS })), /^Not to begin before its time/)
})

test("without a policy it knows what keeps a job out of the queue, too", async () => {
  await using server = await twoHosts("")
  assert.equal((await preview(server, {})).code, "starting")
  assert.match(await saidOf(server, queue({ hold: true })), /^Held by its user$/)
})

test("it knows who would make room, and whom hosts prefer", async () => {
  await using server = await twoHosts(`
qos: { urgent: { rank: 10, preempts: [normal] } }
preemption: { by: qos, grace: 45s }
preferences: [{ name: beta, users: [admin] }]
`)
  const urgent: Partial<JobSpec> = { ...ALL, ...queue({ qos: "urgent" }) }
  const first = await preview(server, ALL)
  assert.equal(first.summary, "Starts now on beta")
  const jobs = [await server.submit(ALL), await server.submit(ALL)]
  for (const { id } of jobs) await server.untilState(id, "running")
  const { code, summary, hosts } = await preview(server, urgent)
  assert.equal(code, "preempting")
  assert.match(summary, /^Reserved in 45\.0 s on (alpha|beta): starts when job \d is gone, in 45\.0 s at the latest$/)
  // Of itself it says nothing.
  for (const { text } of hosts) assert.doesNotMatch(text, /\d{5}/)
})
