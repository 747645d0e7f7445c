import assert from "node:assert/strict"
import { describe, it } from "node:test"
import fc from "fast-check"
import { fileScenes } from "../../../test/support/file-scenes.ts"
import { QUEUE_NOW_MS } from "../../../test/support/queue-scenes.ts"
import { planQueue } from "../queue/plan-queue.ts"
import { PlanReport } from "../queue/plan-report.ts"
import type { QueueScene } from "../queue/queue-scene.ts"
import { describeScene } from "./describe-scene.ts"
import { maskScene } from "./mask-scene.ts"
import { readScene } from "./read-scene.ts"
import { writeScene } from "./write-scene.ts"

/** All that a plan says, with what keeps each job off each host. */
function saidOf(scene: QueueScene) {
  const plan = planQueue(scene, QUEUE_NOW_MS, { estimates: true })
  const report = new PlanReport(scene, plan)
  const hosts = plan.entries.map((entry) =>
    report.hostsOf(entry).map(({ host, obstacles, text }) => [host.name, obstacles.map(({ code }) => code), text]),
  )
  return { plan, hosts, priorities: plan.entries.map((entry) => report.priorityOf(entry)) }
}

function readAgain(scene: QueueScene, isMasked = false): QueueScene {
  const plain = { policy: scene.policy, described: describeScene(scene) }
  const { policy, described } = isMasked ? maskScene(plain.policy, plain.described) : plain
  const read = readScene(JSON.stringify(writeScene(policy, described, QUEUE_NOW_MS, "")))
  assert.deepEqual(read.problems, null)
  if (read.scene === null) throw new TypeError("not read")
  assert.equal(read.nowMs, QUEUE_NOW_MS)
  return read.scene
}

/** What a plan says without a name, hosts by their place. */
function namelessOf(scene: QueueScene) {
  const { plan, hosts, priorities } = saidOf(scene)
  const places = new Map(scene.hosts.map(({ id }, place) => [id, place]))
  const entries = plan.entries.map(({ hosts: on, holds, preempts, reason, ...rest }) => ({
    ...rest,
    hosts: on.map((id) => places.get(id)),
    holds: holds.map((id) => places.get(id)),
    preempts: preempts.map((one) => [one.job, one.mode, one.for, one.by]),
    reason: reason?.code,
  }))
  return { entries, codes: hosts.map((each) => each.map(([, codes]) => codes)), priorities, next: plan.nextWakeMs }
}

describe("a described scene", () => {
  it("gives the same plan when it is read again, to the reason of each host and the last digit of each factor", () => {
    fc.assert(
      fc.property(fileScenes, (scene) => {
        assert.deepEqual(saidOf(readAgain(scene)), saidOf(scene))
      }),
      { numRuns: 300 },
    )
  })

  it("gives the same plan with names masked, and has none of them", () => {
    fc.assert(
      fc.property(fileScenes, (scene) => {
        const again = readAgain(scene, true)
        assert.deepEqual(namelessOf(again), namelessOf(scene))
        const text = JSON.stringify([again.policy, describeScene(again)])
        for (const name of [
          "ann",
          "bob",
          "cyd",
          "lab",
          "weave",
          "loom",
          "course",
          "retreat",
          "imagenet",
          "corpus",
          "here",
          "a1",
          "b2",
          "c3",
        ])
          assert.ok(!new RegExp(`"(\\w+[ /])?${name}["/]`).test(text), `${name} is there`)
      }),
      { numRuns: 200 },
    )
  })
})
