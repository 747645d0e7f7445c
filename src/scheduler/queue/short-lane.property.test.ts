import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { MINUTE_MS, QUEUE_NOW_MS as NOW_MS, queueScenes } from "../../../test/support/queue-scenes.ts"
import { taskIndices, tasksOfIndices } from "../request/array-tasks.ts"
import { orderQueue } from "./order-queue.ts"
import { planQueue } from "./plan-queue.ts"
import type { QueueScene, RunningAttempt } from "./queue-scene.ts"

/** Most jobs are short, and sent at some time before now; nobody may be preempted. */
function withLane(scene: QueueScene, runningPerUser: number, submitted: readonly number[]): QueueScene {
  const { policy } = scene
  return {
    ...scene,
    policy: {
      ...policy,
      shortLane: { longestMs: 30 * MINUTE_MS, runningPerUser, interactiveOnly: false },
      preemption: { ...policy.preemption, by: "off" },
      owners: { ...policy.owners, first: false },
    },
    running: scene.running.map((one, at) => ({ ...one, submittedMs: submitted[at % submitted.length]! })),
    waiting: scene.waiting.map((one, at) => ({ ...one, submittedMs: submitted[(at + 3) % submitted.length]! })),
  }
}

const laneOf = (scene: QueueScene) =>
  orderQueue(scene, NOW_MS).lines.flatMap(({ tier, spec }) => (Number.isInteger(tier) ? [] : [spec]))

/** As it is once all has begun that starts now. */
function begun(scene: QueueScene): QueueScene {
  const starts = planQueue(scene, NOW_MS).entries.filter(({ state }) => state === "start")
  const lines = new Map(orderQueue(scene, NOW_MS).lines.map((line) => [line.spec.id, line]))
  const running = starts.map(({ job, task, hosts, partition }): RunningAttempt => {
    const { spec, limitMs } = lines.get(job)!
    const { user, account, qos, name, pieces, hasSecrets, submittedMs, alone } = spec
    const { cores, memoryBytes } = spec.resources
    const resources = { memoryBytes: memoryBytes ?? 0, cores, gpus: 0 }
    const limit = Number.isFinite(limitMs) ? limitMs : null
    const who = { job, task, name, user, account, partition, qos, hosts, pieces, hasSecrets, submittedMs, alone }
    return { ...who, resources, startedMs: NOW_MS, limitMs: limit, leavesMs: null }
  })
  const waiting = scene.waiting.flatMap((job) => {
    const gone = starts.flatMap((one) => (one.job === job.id ? [one.task] : []))
    if (job.array === null) return gone.length > 0 ? [] : job
    const { tasks } = job.array
    const left = [...taskIndices(tasks)].filter((task) => !gone.includes(task))
    const array = { tasks: tasksOfIndices(left, tasks.atOnce), running: job.array.running + gone.length }
    return left.length === 0 ? [] : { ...job, array }
  })
  return { ...scene, waiting, running: [...scene.running, ...running] }
}

test("nobody's start puts another out of the short lane, and no user has more there than may run", () => {
  let met = 0
  fc.assert(
    fc.property(
      queueScenes(),
      fc.integer({ min: 1, max: 3 }),
      fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 8 }),
      (any, most, submitted) => {
        const scene = withLane(any, most, submitted)
        const lane = laneOf(scene)
        for (const user of new Set(lane.map((one) => one.user))) {
          const tasks = ({ array }: (typeof lane)[number]) =>
            array === null
              ? 1
              : Math.min(array.tasks.count + array.running, array.tasks.atOnce ?? Number.POSITIVE_INFINITY)
          const sum = lane.filter((one) => one.user === user).reduce((all, one) => all + tasks(one), 0)
          assert.ok(sum <= most, `${user} has ${sum}`)
        }
        const next = begun(scene)
        const then = new Set(laneOf(next).map(({ id }) => id))
        for (const { id } of lane) {
          if (!next.waiting.some((one) => one.id === id)) continue
          met++
          assert.ok(then.has(id), `job ${id} is put out`)
        }
      },
    ),
    { numRuns: 500 },
  )
  assert.ok(met > 20, `${met} stay`)
})
