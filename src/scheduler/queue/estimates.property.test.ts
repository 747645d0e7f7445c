import assert from "node:assert/strict"
import { it } from "node:test"
import fc from "fast-check"
import { QUEUE_NOW_MS as NOW_MS, queueScenes } from "../../../test/support/queue-scenes.ts"
import { planQueue } from "./plan-queue.ts"

it("whoever waits for its turn is not expected before who stands before it, and has no time where that has none", () => {
  let turns = 0
  fc.assert(
    fc.property(queueScenes(), fc.boolean(), (scene, isStrict) => {
      const backfill = { ...scene.policy.backfill, enabled: !isStrict, depth: 1 }
      const { entries } = planQueue({ ...scene, policy: { ...scene.policy, backfill } }, NOW_MS, { estimates: true })
      for (const { job, partition, reason, state, startMs } of entries) {
        if (reason?.code !== "in_turn" || state !== "waits" || startMs === null) continue
        turns++
        // Of an array only those tasks count that have a time; of another partition only the hosts that are closed.
        const isArray = scene.waiting.some(({ id, array }) => id === reason.ahead && array !== null)
        for (const one of isArray
          ? []
          : entries.filter((each) => each.job === reason.ahead && each.partition === partition)) {
          assert.ok(one.startMs !== null || one.reason?.code === "deadline", `job ${job}: job ${one.job} has no time`)
          assert.ok(one.startMs === null || startMs >= one.startMs, `job ${job} before job ${one.job}`)
        }
      }
    }),
    { numRuns: 500 },
  )
  assert.ok(turns > 50)
})
