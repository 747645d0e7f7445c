import assert from "node:assert/strict"
import { describe, it } from "node:test"
import fc from "fast-check"
import { fileScenes } from "../../../test/support/file-scenes.ts"
import { QUEUE_NOW_MS } from "../../../test/support/queue-scenes.ts"
import { LikeHosts } from "../queue/like-hosts.ts"
import { planQueue } from "../queue/plan-queue.ts"
import { PlanReport } from "../queue/plan-report.ts"
import type { QueuePlan } from "../queue/queue-plan.ts"
import type { QueueScene } from "../queue/queue-scene.ts"
import { describeScene } from "./describe-scene.ts"
import { maskScene } from "./mask-scene.ts"
import { readScene } from "./read-scene.ts"
import { writeScene } from "./write-scene.ts"

/** Where the server starts jobs: of hosts that are alike, where their data lies. */
function startsOf(scene: QueueScene, { entries }: QueuePlan) {
  const like = new LikeHosts(scene)
  return entries.flatMap((entry) => {
    const job = scene.waiting.find(({ id }) => id === entry.job)
    return entry.state === "start" && job !== undefined ? [like.hostsFor(job, entry.hosts)] : []
  })
}

/** All that a plan says, with what keeps each job off each host. */
function saidOf(scene: QueueScene) {
  const plan = planQueue(scene, QUEUE_NOW_MS, { estimates: true })
  const report = new PlanReport(scene, plan)
  const hosts = plan.entries.map((entry) =>
    report.hostsOf(entry).map(({ host, obstacles, text }) => [host.name, obstacles.map(({ code }) => code), text]),
  )
  return {
    plan,
    hosts,
    priorities: plan.entries.map((entry) => report.priorityOf(entry)),
    starts: startsOf(scene, plan),
  }
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

/** Where something is absent that says nothing else when it is there. */
function plainOf({ hosts, waiting, running, bookings, ended }: QueueScene) {
  return {
    hosts: hosts.map(({ linked, ...host }) => {
      // Nobody asks how fast the way to a host is that is not there.
      const mbpsTo = [...(linked?.mbpsTo ?? [])].filter(([to]) => hosts.some(({ id }) => id === to))
      const known = linked === undefined ? null : { ...linked, mbpsTo: new Map(mbpsTo) }
      return { network: null, keeps: null, prefers: [], ...host, linked: known }
    }),
    waiting: waiting.map((job) => ({ ...job, workspace: job.workspace ?? null, crashes: job.crashes ?? [] })),
    running: running.map((one) => ({
      ...one,
      interactive: one.interactive ?? false,
      once: one.once ?? false,
      stoppedFor: one.stoppedFor ?? null,
      hostsWanted: one.hostsWanted ?? null,
    })),
    bookings,
    ended,
  }
}

/** What a plan says without a name, hosts by their place. */
function namelessOf(scene: QueueScene) {
  const { plan, hosts, priorities, starts } = saidOf(scene)
  const places = new Map(scene.hosts.map(({ id }, place) => [id, place]))
  const entries = plan.entries.map(({ hosts: on, holds, preempts, reason, ...rest }) => ({
    ...rest,
    hosts: on.map((id) => places.get(id)),
    holds: holds.map((id) => places.get(id)),
    preempts: preempts.map((one) => [one.job, one.mode, one.for, one.by]),
    reason: reason?.code,
  }))
  const codes = hosts.map((each) => each.map(([, said]) => said))
  const started = starts.map((on) => on.map((id) => places.get(id)))
  return { entries, codes, priorities, started, next: plan.nextWakeMs }
}

describe("a described scene", () => {
  it("gives the same plan when it is read again, to the reason of each host and the last digit of each factor", () => {
    fc.assert(
      fc.property(fileScenes, (scene) => {
        const again = readAgain(scene)
        assert.deepEqual(saidOf(again), saidOf(scene))
        assert.deepEqual(plainOf(again), plainOf(scene))
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
          "Ann sits there",
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
