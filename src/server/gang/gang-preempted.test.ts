import assert from "node:assert/strict"
import { test } from "node:test"
import { at, gang, poolOf, runningGang } from "../../../test/support/gang-scene.ts"
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

const ENDS = [
  [
    "the main member first",
    [0, 1],
    [
      { cause: "preempted", signal: 15 },
      { cause: "preempted", signal: 15 },
    ],
  ],
  ["the main member last, having ended by itself", [1, 0], [{ exitCode: 3 }, { cause: "preempted", signal: 15 }]],
  [
    "the main member first, the other for its end",
    [0, 1],
    [{ cause: "preempted", signal: 15 }, { cause: "member_ended" }],
  ],
] as const

for (const [name, order, ends] of ENDS) {
  test(`a job on several hosts that made room says for whom and how while it waits again: ${name}`, async () => {
    await using pool = await poolOf(2)
    await pool.server.call("POST", "/v1/policy", { text: POLICY, dryRun: false })
    const { id } = await runningGang(pool, 2, ALL)
    for (const host of pool.hosts) host.obeys = false
    const urgent = await pool.server.submit({ ...URGENT, ...gang(2) })
    const leaving = await pool.server.until(id, (job) => job.standing?.leaving !== undefined)
    const [first, last] = order.map((rank) => ({ rank, end: ends[rank] }))
    for (const one of [first, last]) {
      const [host, attempt] = at(pool, leaving, one!.rank)
      host.finish(attempt, one!.end)
      if (one === last) break
      const { reason } = await pool.server.until(id, ({ attempts }) => attempts[one!.rank]?.cause !== null)
      assert.equal(reason, leaving.reason)
    }
    const said = `requeued for job ${urgent.id} (by its QOS); not suspended, since it runs on several hosts`
    const { reason } = await pool.server.untilState(id, "queued")
    assert.equal(reason, `attempt 1 was ${said}; all of it is tried again`)
    const { summary } = await pool.server.call<WhyAnswer>("GET", `/v1/jobs/${id}/why`)
    assert.ok(summary.endsWith(`; it was ${said}`), summary)
  })
}
