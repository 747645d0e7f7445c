import assert from "node:assert/strict"
import { describe, it } from "node:test"
import fc from "fast-check"
import { MINUTE_MS, QUEUE_NOW_MS, queueScenes } from "../../../test/support/queue-scenes.ts"
import type { HostId, JobId } from "../../protocol/ids.ts"
import { PLAIN_ACCOUNT } from "../policy/default-policy.ts"
import { planQueue } from "../queue/plan-queue.ts"
import { PlanReport } from "../queue/plan-report.ts"
import type { QueueScene } from "../queue/queue-scene.ts"
import { readDependency } from "../request/dependency.ts"
import { describeScene } from "./describe-scene.ts"
import { maskScene } from "./mask-scene.ts"
import { readScene } from "./read-scene.ts"
import { writeScene } from "./write-scene.ts"

const member = { shares: 1, limits: {}, qos: null, defaultQos: null, rank: 0, isDefault: false } as const
const job = fc.record({
  account: fc.constantFrom("default", "lab"),
  hasSecrets: fc.constantFrom(false, false, false, true),
  booking: fc.constantFrom(null, null, null, "course"),
  pieces: fc.constantFrom({}, {}, { matlab: 1 }),
  beginInMs: fc.constantFrom(null, null, 1_500, -1),
  deadlineInMs: fc.constantFrom(null, null, null, 90 * MINUTE_MS + 1),
  after: fc.constantFrom(null, null, null, "afterok:1", "afterany:90:91", "after:101+2", "singleton"),
  data: fc.constantFrom(null, null, null, "imagenet"),
  crashedAt: fc.constantFrom(null, null, "mac1"),
  wanted: fc.constantFrom(null, null, null, "mac1"),
  oddMs: fc.constantFrom(0, 0, 1, 777),
  nice: fc.integer({ min: -5, max: 5 }),
  priority: fc.constantFrom(null, null, 0, 7),
})
const some = fc.record({
  jobs: fc.array(job, { minLength: 8, maxLength: 8 }),
  shares: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 3, maxLength: 3 }),
  used: fc.double({ min: 0, max: 40, noNaN: true }),
  leaves: fc.option(fc.nat(200_000)),
  users: fc.constantFrom(null, null, ["ann", "bob"]),
})

/** All that a scene of the server may have. */
const scenes = fc.tuple(queueScenes(), some).map(([scene, { jobs, shares, used, leaves, users }]): QueueScene => {
  const users3 = ["ann", "bob", "cyd"]
  return {
    ...scene,
    policy: {
      ...scene.policy,
      accounts: [
        PLAIN_ACCOUNT,
        { ...PLAIN_ACCOUNT, name: "lab", members: users3.map((user) => ({ user, ...member })) },
      ].map((one, at) => ({
        ...one,
        members: one.members.map((each) => ({ ...each, isDefault: at === 1 })),
        ...(at === 1 ? { limits: { group: { wallMinutes: 90, minutes: { cpu: 60 } } } } : {}),
      })),
      priority: { ...scene.policy.priority, weights: { ...scene.policy.priority.weights, fairShare: 1000, age: 100 } },
    },
    hosts: scene.hosts.map((host, at) => ({
      ...host,
      users: at === 0 && users !== null ? new Set(users) : null,
      places: new Set(at === 0 ? ["imagenet"] : []),
    })),
    pieces: { matlab: 1 },
    fairShares: new Map(users3.map((user, at) => [`lab/${user}`, shares[at]!])),
    used: new Map([
      ["account lab", { minutes: { cpu: used, billing: 3 }, wallMinutes: used * 2.1 }],
      ["root", { minutes: { gpu: used / 3 }, wallMinutes: used }],
    ]),
    waiting: scene.waiting.map((one, at) => {
      const { beginInMs, deadlineInMs, after, data, crashedAt, wanted, oddMs, ...rest } = jobs[at]!
      return {
        ...one,
        ...rest,
        name: "weave",
        limitMs: one.limitMs === null ? null : one.limitMs + oddMs,
        beginMs: beginInMs === null ? null : QUEUE_NOW_MS + beginInMs,
        deadlineMs: deadlineInMs === null ? null : QUEUE_NOW_MS + deadlineInMs,
        dependency: after === null ? null : readDependency(after),
        data: data === null ? [] : [{ name: data, root: null, bytes: 0 }],
        crashes: crashedAt === null ? [] : [{ host: crashedAt as HostId, times: 2 }],
        hostsWanted: wanted === null ? null : [wanted],
      }
    }),
    running: scene.running.map((one, at) => ({
      ...one,
      name: "loom",
      leavesMs: at === 0 && leaves !== null ? QUEUE_NOW_MS + leaves : null,
    })),
    ended: [{ job: 90 as JobId, task: null, startedMs: QUEUE_NOW_MS - 5_003, outcome: "succeeded" }],
  }
})

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
      fc.property(scenes, (scene) => {
        assert.deepEqual(saidOf(readAgain(scene)), saidOf(scene))
      }),
      { numRuns: 300 },
    )
  })

  it("gives the same plan with names masked, and has none of them", () => {
    fc.assert(
      fc.property(scenes, (scene) => {
        const again = readAgain(scene, true)
        assert.deepEqual(namelessOf(again), namelessOf(scene))
        const text = JSON.stringify([again.policy, describeScene(again)])
        for (const name of ["ann", "bob", "cyd", "lab", "weave", "loom", "course", "imagenet", "here"])
          assert.ok(!new RegExp(`"(\\w+[ /])?${name}["/]`).test(text), `${name} is there`)
      }),
      { numRuns: 200 },
    )
  })
})
