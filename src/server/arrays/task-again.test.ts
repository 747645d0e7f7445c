import assert from "node:assert/strict"
import { test } from "node:test"
import { TestServer } from "../../../test/support/test-server.ts"

const SMALL = { resources: { memoryBytes: null, gpus: 0, cores: 1 } }

test("a task that is tried again has its turn before the rest of its array, and before later jobs", async () => {
  await using server = await TestServer.start()
  const host = await server.hosts.join("alpha", { cores: 1 })
  const begun: string[] = []
  host.script = (on, attempt) => {
    const { WINDFALL_ARRAY_INDEX: index = "later" } = attempt.order.env
    begun.push(index)
    on.begin(attempt)
    if (index === "2" && begun.at(-2) !== "2") on.finish(attempt, { cause: "resume_failed" })
    else on.finish(attempt, { exitCode: 0 })
  }
  const { id } = await server.submit({ ...SMALL, array: "1-4" })
  const later = await server.submit(SMALL)
  await server.untilEnded(later.id)
  await server.untilEnded(id)
  assert.deepEqual(begun, ["1", "2", "2", "3", "4", "later"])
})
