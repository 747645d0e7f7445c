import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { anyQueueScenes, MINUTE_MS, QUEUE_NOW_MS as NOW_MS } from "../../../test/support/queue-scenes.ts"
import { planQueue } from "./plan-queue.ts"
import type { QueueScene } from "./queue-scene.ts"

/** All that runs ends soon, or is past its limit; nobody was asked to go before. */
function endingSoon(scene: QueueScene, seconds: readonly number[]): QueueScene {
  const running = scene.running.map((one, at) => ({
    ...one,
    leavesMs: null,
    stoppedFor: null,
    limitMs: NOW_MS - one.startedMs + (seconds[at] ?? 0) * 1_000,
  }))
  return { ...scene, running }
}

test("nobody is made to end for another who would be gone by then without that", () => {
  let met = 0
  fc.assert(
    fc.property(anyQueueScenes(), fc.array(fc.integer({ min: -60, max: 240 }), { maxLength: 6 }), (any, seconds) => {
      const scene = endingSoon(any, seconds)
      for (const { preempts } of planQueue(scene, NOW_MS).entries) {
        for (const { job, mode, graceEndsMs } of preempts) {
          const { startedMs, limitMs } = scene.running.find((one) => one.job === job)!
          const endMs = startedMs + limitMs!
          assert.ok(endMs > NOW_MS, `${job} is past its limit`)
          if (mode === "suspend") continue
          met++
          assert.ok(Math.ceil(endMs / MINUTE_MS) * MINUTE_MS > graceEndsMs, `${job} ends before ${graceEndsMs}`)
        }
      }
    }),
    { numRuns: 1_000 },
  )
  assert.ok(met > 3, `${met} are preempted`)
})
