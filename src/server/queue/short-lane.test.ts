import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { test } from "node:test"
import { runsOn } from "../../../test/support/simulated-host.ts"
import { TestServer } from "../../../test/support/test-server.ts"
import type { JobSpec } from "../../protocol/job.ts"

const PAGE = readFileSync(new URL("../../../docs/policy-file.md", import.meta.url), "utf8")
const ALL: Partial<JobSpec> = { resources: { memoryBytes: 512 * 1024 ** 2, gpus: null, cores: 2 } }

test("by the short lane of docs/policy-file.md a short session need not wait behind long jobs", async () => {
  const [, text = ""] = /## A short lane.*?```yaml\n(.*?)```/s.exec(PAGE) ?? []
  await using server = await TestServer.start()
  const host = await server.hosts.join("alpha")
  host.script = runsOn
  // A test has no five minutes.
  await server.call("POST", "/v1/policy", { text: text.replace("minimum-run: 5m", "minimum-run: 0"), dryRun: false })
  const long = await server.submit(ALL)
  await server.untilState(long.id, "running")
  const next = await server.submit(ALL)
  const quick = await server.submit({ ...ALL, kind: "session", command: [], partition: "quick" })
  await server.untilState(quick.id, "running")
  const [order] = [...host.attempts.values()].filter((one) => one.order.job === quick.id).map((one) => one.order)
  assert.equal(order?.timeLimitMs, 30 * 60_000)
  assert.deepEqual([(await server.job(long.id)).state, (await server.job(next.id)).state], ["suspended", "queued"])
  // One at a time of each user, and long ones do not come in by that door.
  const second = await server.submit({ ...ALL, partition: "quick" })
  assert.equal((await server.job(second.id)).state, "queued")
  for (const attempt of host.attempts.values()) if (attempt.order.job === quick.id) host.finish(attempt)
  await server.untilState(second.id, "running")
  assert.equal((await server.job(long.id)).state, "suspended")
  for (const attempt of host.attempts.values()) if (attempt.order.job === second.id) host.finish(attempt)
  await server.untilState(long.id, "running")
})
