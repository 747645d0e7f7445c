import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { anyQueueScenes, QUEUE_NOW_MS as NOW_MS } from "../../../test/support/queue-scenes.ts"
import { planQueue } from "./plan-queue.ts"

test("where policy puts owners first nobody but its sender preempts a job on its sender's own Mac", () => {
  let met = 0
  fc.assert(
    fc.property(anyQueueScenes(), (any) => {
      const { policy } = any
      const owners = { ...policy.owners, first: true, preempt: true }
      const preemption = { ...policy.preemption, by: "qos" as const, minimumRunMs: 0 }
      const waiting = any.waiting.map((one) => ({ ...one, qos: "urgent" }))
      const scene = { ...any, waiting, policy: { ...policy, owners, preemption } }
      const users = new Map(scene.waiting.map(({ id, user }) => [id, user]))
      for (const { preempts } of planQueue(scene, NOW_MS).entries) {
        for (const { job, for: id } of preempts) {
          const { user, hosts } = scene.running.find((one) => one.job === job)!
          met++
          const isAtHome = scene.hosts.some((host) => hosts.includes(host.id) && host.owner === user)
          assert.ok(!isAtHome || users.get(id) === user, `${id} preempts ${job}`)
        }
      }
    }),
    { numRuns: 3_000 },
  )
  assert.ok(met > 30, `${met} are preempted`)
})

test("who would preempt others does so at a usual time, and before one, as without", () => {
  let met = 0
  fc.assert(
    fc.property(anyQueueScenes(), fc.nat(), (any, at) => {
      const job = any.waiting[at % Math.max(1, any.waiting.length)]
      if (job === undefined) return
      const { policy } = any
      const scene = {
        ...any,
        policy: { ...policy, preemption: { ...policy.preemption, by: "qos" as const, graceMs: 90_000 } },
        waiting: [{ ...job, qos: "urgent", hold: null }],
        // A job goes elsewhere rather than where it would still be at a usual time: of one host there is no choice.
        hosts: any.hosts.slice(0, 1).map((host) => ({ ...host, ownerObstacles: [] })),
        running: any.running.map((one) => ({
          ...one,
          leavesMs: null,
          resources: { ...one.resources, gpus: 1, cores: 2 },
        })),
      }
      const hosts = scene.hosts.map((host) => ({ ...host, expected: [] }))
      const preempted = (of: typeof scene) =>
        planQueue(of, NOW_MS).entries.flatMap(({ preempts }) => preempts.map((one) => `${one.job} ${one.mode}`))
      const asked = preempted({ ...scene, hosts })
      met += asked.length > 0 && scene.hosts[0]!.expected.length > 0 ? 1 : 0
      assert.deepEqual(preempted(scene), asked)
    }),
    { numRuns: 1_000 },
  )
  assert.ok(met > 10, `${met} preempt others there`)
})
