import assert from "node:assert/strict"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, it } from "node:test"
import { readScene } from "../queue-file/read-scene.ts"
import { planStarts } from "./next-start.ts"
import { orderQueue } from "./order-queue.ts"
import { planQueue } from "./plan-queue.ts"
import type { QueueEntry } from "./queue-plan.ts"

const PLANS = join(import.meta.dirname, "../../../test/fixtures/plans")

/** Tasks of an array are all the same. */
function placesOf(entries: readonly QueueEntry[]): readonly string[] {
  const begins = entries.filter(({ state, preempts }) => state === "start" || preempts.length > 0)
  return begins.map(({ job, partition, hosts }) => `${job} in ${partition} on ${hosts.join()}`).sort()
}

describe("planStarts()", () => {
  it("finds what begins in each of the plans that are kept as files", () => {
    for (const file of readdirSync(PLANS)) {
      const read = readScene(readFileSync(join(PLANS, file), "utf8"))
      if (read.scene === null) continue
      const { scene, nowMs } = read
      const alone = placesOf(planStarts(scene, orderQueue(scene, nowMs), nowMs))
      assert.deepEqual(alone, placesOf(planQueue(scene, nowMs, { untried: true }).entries), file)
    }
  })
})
