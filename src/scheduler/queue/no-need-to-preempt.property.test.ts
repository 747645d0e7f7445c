import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { QUEUE_NOW_MS as NOW_MS, queueScenes } from "../../../test/support/queue-scenes.ts"
import { planQueue } from "./plan-queue.ts"
import type { QueueScene } from "./queue-scene.ts"

/** The same where nobody may ask anybody to leave. */
function withoutPreemption(scene: QueueScene): QueueScene {
  const { policy } = scene
  const owners = { ...policy.owners, preempt: false }
  return { ...scene, policy: { ...policy, owners, preemption: { ...policy.preemption, by: "off" } } }
}

const PARTS = [["apple_gpu"], ["hi"], ["apple_gpu", "hi"]] as const

/** Jobs may run in both partitions, hosts are in one or in both. */
function inParts(scene: QueueScene, kinds: readonly number[]): QueueScene {
  return {
    ...scene,
    hosts: scene.hosts.map((host, at) => ({ ...host, partitions: PARTS[kinds[at] ?? 0]! })),
    waiting: scene.waiting.map((job) => ({ ...job, partitions: ["hi", "apple_gpu"] })),
  }
}

test("whoever could start at once without that, in whichever of its partitions, preempts nobody", () => {
  let met = 0
  fc.assert(
    fc.property(queueScenes(), fc.nat(), fc.array(fc.nat(2)), (generated, at, kinds) => {
      const scene = inParts(generated, kinds)
      const asked = scene.waiting.filter(({ array }) => array === null)
      const job = asked[at % Math.max(1, asked.length)]
      if (job === undefined) return
      const alone = { ...scene, waiting: [job] }
      const kindly = planQueue(withoutPreemption(alone), NOW_MS).entries
      if (!kindly.some(({ state }) => state === "start")) return
      met++
      const { entries } = planQueue(alone, NOW_MS)
      assert.ok(entries.some(({ state, preempts }) => state === "start" && preempts.length === 0))
    }),
    { numRuns: 1_000 },
  )
  assert.ok(met > 50, `${met} of them start`)
})
