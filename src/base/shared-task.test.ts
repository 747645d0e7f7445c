import assert from "node:assert/strict"
import { test } from "node:test"
import { SharedTask } from "./shared-task.ts"

test("those who want it at the same time share one run, its failure too; later ones begin anew", async () => {
  let runs = 0
  const task = new SharedTask(async () => {
    if (++runs === 2) throw new Error("no luck")
    return runs
  })
  const signal = new AbortController().signal
  assert.deepEqual(await Promise.all([task.run(signal), task.run(signal)]), [1, 1])
  const failed = await Promise.allSettled([task.run(signal), task.run(signal)])
  assert.deepEqual(
    failed.map(({ status }) => status),
    ["rejected", "rejected"],
  )
  assert.equal(await task.run(signal), 3)
})

test("who gives up ends it for nobody else", async () => {
  const begun: AbortSignal[] = []
  const task = new SharedTask(async (signal) => {
    begun.push(signal)
    if (begun.length > 1) return "done"
    return await new Promise<string>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)))
  })
  const first = new AbortController()
  const second = new AbortController()
  const results = Promise.allSettled([task.run(first.signal), task.run(second.signal)])
  first.abort(new Error("gave up"))
  const [one, two] = await results
  assert.deepEqual([one.status, two], ["rejected", { status: "fulfilled", value: "done" }])
  assert.deepEqual(begun, [first.signal, second.signal])
})
