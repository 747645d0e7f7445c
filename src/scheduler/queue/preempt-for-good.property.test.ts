import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { preemptionScenes } from "../../../test/support/preemption-scenes.ts"
import { QUEUE_NOW_MS as NOW_MS } from "../../../test/support/queue-scenes.ts"
import { planQueue } from "./plan-queue.ts"
import type { QueueEntry } from "./queue-plan.ts"
import type { QueueScene, RunningAttempt } from "./queue-scene.ts"

/** One job waits that may preempt most: no other takes what is made for it. */
function urgent(scene: QueueScene, at: number): QueueScene {
  const asked = scene.waiting.filter(({ array, hold }) => array === null && hold === null)
  const job = asked[at % Math.max(1, asked.length)]
  const preemption = { ...scene.policy.preemption, by: "qos", mode: "suspend" } as const
  const hosts = scene.hosts.map((host) => ({ ...host, ownerObstacles: [] }))
  const waiting = job === undefined ? [] : [{ ...job, qos: "urgent", partitions: ["hi"] }]
  return { ...scene, policy: { ...scene.policy, preemption }, hosts, waiting }
}

/** As those who are to stand still do, and the others are on their way out, or gone already. */
function asAsked(scene: QueueScene, { job, preempts }: QueueEntry, areGone: boolean): QueueScene {
  const { limitMs: itsLimitMs } = scene.waiting.find(({ id }) => id === job)!
  const running = scene.running.flatMap((one): RunningAttempt[] => {
    const asked = preempts.find((each) => each.job === one.job)
    if (asked === undefined) return [one]
    const limitMs = one.limitMs === null || itsLimitMs === null ? null : one.limitMs + itsLimitMs
    if (asked.mode === "suspend") return [{ ...one, stoppedFor: job, limitMs }]
    return areGone ? [] : [{ ...one, leavesMs: asked.graceEndsMs, leavesFor: job }]
  })
  return { ...scene, running }
}

test("whoever is stopped for a job stands still for nothing: once all others that go for it are gone it starts, and until then nobody else is asked", () => {
  let met = 0
  fc.assert(
    fc.property(preemptionScenes(), fc.nat(), (any, at) => {
      const scene = urgent(any, at)
      for (const entry of planQueue(scene, NOW_MS).entries) {
        const { preempts, startMs } = entry
        if (!preempts.some(({ mode }) => mode === "suspend")) continue
        met++
        const [gone] = planQueue(asAsked(scene, entry, true), NOW_MS).entries
        assert.deepEqual([gone?.state, gone?.preempts], ["start", []])
        if (preempts.every(({ mode }) => mode === "suspend")) continue
        const [soon] = planQueue(asAsked(scene, entry, false), NOW_MS).entries
        // What should be gone by now may be there to the end of the step.
        const endOfStepMs = Math.ceil(NOW_MS / 60_000) * 60_000
        assert.deepEqual(soon?.preempts, [])
        assert.ok(soon!.startMs! <= Math.max(startMs!, endOfStepMs), `${soon!.startMs} after ${startMs}`)
      }
    }),
    { numRuns: 2_000 },
  )
  assert.ok(met > 30, `${met} stop others`)
})

test("whoever preempts others starts earlier by it", () => {
  let met = 0
  fc.assert(
    fc.property(preemptionScenes(), fc.nat(), fc.constantFrom("suspend", "requeue", "cancel"), (any, at, mode) => {
      const { policy, ...scene } = urgent(any, at)
      const preemption = { ...policy.preemption, mode }
      // Hosts that open soon have room then for who waits.
      const hosts = any.hosts
      const [entry] = planQueue({ ...scene, hosts, policy: { ...policy, preemption } }, NOW_MS).entries
      if (entry === undefined || entry.preempts.length === 0) return
      met++
      const owners = { ...policy.owners, preempt: false }
      const kind = { ...policy, owners, preemption: { ...preemption, by: "off" } } as const
      const [without] = planQueue({ ...scene, hosts, policy: kind }, NOW_MS).entries
      assert.ok((without!.startMs ?? Number.POSITIVE_INFINITY) > entry.startMs!, `${without!.startMs}`)
    }),
    { numRuns: 2_000 },
  )
  assert.ok(met > 30, `${met} preempt others`)
})
