import assert from "node:assert/strict"
import { test } from "node:test"
import { runsOn } from "../../../test/support/simulated-host.ts"
import { TestServer } from "../../../test/support/test-server.ts"
import type { JobView } from "../../protocol/job.ts"
import { NO_QUEUE_REQUEST } from "../../protocol/queue-request.ts"

const SMALL = { resources: { memoryBytes: null, gpus: 0, cores: 1 } }
const after = (words: string) => ({ ...SMALL, queue: { ...NO_QUEUE_REQUEST, after: words } })

test("a task is waited for by its number, before it begins and after; to go task by task takes an array", async () => {
  await using server = await TestServer.start()
  const array = await server.submit({ ...SMALL, array: "5-9:2" })
  assert.equal(array.state, "queued", "no host is there: no task has a record")
  const [first, last] = [array.id + 1, array.id + 3]
  const job = await server.submit(after(`afterok:${first}:${last},afterany:${array.id}`))
  assert.equal(job.spec.queue?.after, `afterok:${array.id}_5:${array.id}_9,afterany:${array.id}`)
  await assert.rejects(server.submit({ ...after(`aftercorr:${first}`), array: "5-9:2" }), {
    code: "invalid_input",
    message: `Cannot send a job that goes task by task after ${array.id}_5: that is one task of array ${array.id}`,
    hint: `To wait for that task: --after ok:${array.id}_5   For the task of the same index: --after corr:${array.id}`,
  })
  await assert.rejects(server.submit(after(`afterok:${job.id + 1}`)), { code: "job_not_found" })
})

test("an array that goes task by task after one, and whole after a task of another, starts once that has ended", async () => {
  await using server = await TestServer.start()
  const host = await server.hosts.join("alpha", { cores: 64 })
  host.script = runsOn
  const [one, other] = [
    await server.submit({ ...SMALL, array: "1-2" }),
    await server.submit({ ...SMALL, array: "7-8%1" }),
  ]
  const last = await server.submit({ ...after(`aftercorr:${one.id},afterok:${other.id}_7`), array: "1-2" })
  await server.until(other.id, (job) => job.array?.counts.running === 1)
  await server.until(one.id, (job) => job.array?.counts.running === 2)
  const finish = async (id: number) => {
    for (const attempt of [...host.attempts.values()]) if (attempt.order.job === id) host.finish(attempt)
    await server.untilEnded(id as JobView["id"])
  }
  await finish(one.id + 1)
  await finish(one.id + 2)
  assert.equal((await server.job(last.id)).array?.blocked, "1-2")
  await finish(other.id + 1)
  await server.until(last.id, (job) => job.array?.counts.running === 2)
})

test("a task that is stopped before it began is told to who waits for it at once, while its array goes on", async () => {
  await using server = await TestServer.start()
  const host = await server.hosts.join("alpha", { cores: 64 })
  host.script = runsOn
  const array = await server.submit({ ...SMALL, array: "1-4%1" })
  const never = await server.submit(after(`afterok:${array.id}_3`))
  const goes = await server.submit(after(`afterany:${array.id + 3}`))
  const each = await server.submit({ ...after(`aftercorr:${array.id}`), array: "2-4" })
  await server.call("POST", `/v1/jobs/${array.id}_3/stop`, { now: false })
  assert.equal((await server.untilEnded(never.id)).cause, "dependency_failed")
  await server.untilState(goes.id, "running")
  assert.equal((await server.until(each.id, (job) => job.array?.counts.failed === 1)).array?.blocked, "2,4")
})
