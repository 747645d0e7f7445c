import assert from "node:assert/strict"
import { test } from "node:test"
import { poolOf, runningGang } from "../../../test/support/gang-scene.ts"
import type { WhyAnswer } from "../../protocol/api.ts"
import type { JobSpec } from "../../protocol/job.ts"
import { NO_QUEUE_REQUEST } from "../../protocol/queue-request.ts"

const POLICY = `
qos: { urgent: { rank: 10, preempts: [normal] } }
preemption: { by: qos, mode: suspend, grace: 45s }
`
const ALL: Partial<JobSpec> = { resources: { memoryBytes: null, gpus: null, cores: 2 } }
const URGENT: Partial<JobSpec> = { ...ALL, queue: { ...NO_QUEUE_REQUEST, qos: "urgent" } }
const ONCE = { limit: 0, afterSilenceMs: null, once: true }

test("where policy suspends, a job on several hosts is requeued with the policy's grace, as the plan has it", async () => {
  await using pool = await poolOf(2)
  await pool.server.call("POST", "/v1/policy", { text: POLICY, dryRun: false })
  const { id } = await runningGang(pool, 2, ALL)
  for (const host of pool.hosts) host.obeys = false
  const urgent = await pool.server.submit(URGENT)
  const { standing, reason } = await pool.server.until(id, (job) => job.standing?.leaving !== undefined)
  assert.equal(standing?.leaving?.for, urgent.id)
  // Its own would be 10 s.
  assert.ok((standing?.leaving?.graceMs ?? 0) > 30_000)
  assert.match(
    reason ?? "",
    /^requeued for job \d+ .*, within [34]\d\.\d s; not suspended, since it runs on several hosts$/,
  )
})

test("where it may run only once it is let be, and why says so", async () => {
  await using pool = await poolOf(2)
  await pool.server.call("POST", "/v1/policy", { text: POLICY, dryRun: false })
  const { id } = await runningGang(pool, 2, { ...ALL, retry: ONCE })
  const urgent = await pool.server.submit(URGENT)
  const { code, hosts } = await pool.server.call<WhyAnswer>("GET", `/v1/jobs/${urgent.id}/why`)
  assert.equal(code, "resources")
  for (const { text } of hosts) assert.match(text, new RegExp(`; job ${id} may run only once and is not preempted$`))
  const { state, standing } = await pool.server.job(id)
  assert.deepEqual([state, standing?.leaving], ["running", undefined])
})
