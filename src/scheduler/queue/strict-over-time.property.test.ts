import assert from "node:assert/strict"
import { describe, it } from "node:test"
import fc from "fast-check"
import {
  anyQueueScenes,
  crowdedPartitions,
  largerPartitions,
  MINUTE_MS,
  QUEUE_NOW_MS,
  queueScenes,
} from "../../../test/support/queue-scenes.ts"
import type { Limits } from "../limits/limits.ts"
import { readArrayTasks, taskIndices } from "../request/array-tasks.ts"
import { planStarts } from "./next-start.ts"
import { orderQueue } from "./order-queue.ts"
import { planQueue } from "./plan-queue.ts"
import type { QueueEntry } from "./queue-plan.ts"
import type { QueueJob, QueueScene, RunningAttempt } from "./queue-scene.ts"

const MOST_PLANS = 12
const USERS = ["ann", "bob", "cyd"]
/** A full minute: else each job that follows another one may be a step of the grid late. */
const NOW_MS = QUEUE_NOW_MS - (QUEUE_NOW_MS % MINUTE_MS)

/** As all starts that the plan has now are made. */
function afterStarts(scene: QueueScene, starts: readonly QueueEntry[], nowMs: number): QueueScene {
  const jobs = new Map(scene.waiting.map((job) => [job.id, job]))
  const begun = starts.map((entry) => attemptOf(jobs.get(entry.job)!, entry, nowMs))
  const waiting = scene.waiting.flatMap((job): QueueJob[] => {
    const mine = starts.filter((entry) => entry.job === job.id)
    if (mine.length === 0) return [job]
    if (job.array === null) return []
    const left = [...taskIndices(job.array.tasks)].filter((task) => mine.every((entry) => entry.task !== task))
    if (left.length === 0) return []
    const { atOnce } = job.array.tasks
    const tasks = readArrayTasks(`${left.join(",")}${atOnce === null ? "" : `%${atOnce}`}`)
    return [{ ...job, array: { ...job.array, tasks, running: job.array.running + mine.length } }]
  })
  return { ...scene, waiting, running: [...scene.running, ...begun] }
}

function attemptOf(job: QueueJob, { task, hosts, partition, endMs }: QueueEntry, nowMs: number): RunningAttempt {
  const { name, user, account, qos, resources, alone, pieces, hasSecrets, submittedMs } = job
  const { memoryBytes, gpus, cores } = resources
  const held = { memoryBytes: memoryBytes ?? 1, gpus: gpus ?? 1, cores }
  const who = { job: job.id, task, name, user, account, qos, partition, hosts }
  const what = {
    resources: held,
    alone,
    pieces,
    hasSecrets,
    submittedMs,
    startedMs: nowMs,
    leavesMs: null,
    once: false,
  }
  return { ...who, ...what, limitMs: endMs === null ? null : endMs - nowMs }
}

/** As all are gone whose time is over. */
function afterEnds(scene: QueueScene, nowMs: number): QueueScene {
  const isOver = ({ startedMs, limitMs }: RunningAttempt) => limitMs !== null && startedMs + limitMs <= nowMs
  const ended = scene.running.filter(isOver)
  const waiting = scene.waiting.map((job) => {
    const fewer = ended.filter((one) => one.job === job.id).length
    return job.array === null || fewer === 0
      ? job
      : { ...job, array: { ...job.array, running: job.array.running - fewer } }
  })
  return { ...scene, waiting, running: scene.running.filter((one) => !isOver(one)) }
}

/** GPUs are asked for by number, owners are never there, nobody preempts or is on the way out, all have time limits. */
function calm(scene: QueueScene, limits: Limits): QueueScene {
  return {
    ...scene,
    policy: {
      ...scene.policy,
      backfill: { ...scene.policy.backfill, enabled: true, depth: 500, windowMs: 10_000 * MINUTE_MS },
      preemption: { ...scene.policy.preemption, by: "off" },
      owners: { ...scene.policy.owners, first: true, preempt: false },
      limits,
    },
    running: scene.running.map(staysOn),
    bookings: scene.bookings.map((one) => ({
      ...one,
      startMs: one.startMs - (one.startMs % MINUTE_MS),
      endMs: one.endMs - (one.endMs % MINUTE_MS),
    })),
    hosts: scene.hosts.map((host) => ({ ...host, ownerObstacles: [], expected: [] })),
    waiting: scene.waiting.map((job) => ({
      ...job,
      resources: { ...job.resources, gpus: job.resources.gpus ?? 0 },
      limitMs: job.limitMs ?? 90 * MINUTE_MS,
    })),
  }
}

function staysOn({ leavesFor: _, ...one }: RunningAttempt): RunningAttempt {
  return {
    ...one,
    startedMs: one.startedMs - (one.startedMs % MINUTE_MS),
    leavesMs: null,
    limitMs: one.limitMs ?? 300 * MINUTE_MS,
  }
}

/**
 * As time goes on, from one end or start to the next.
 * @param check what was promised earlier, by job and task, in the plan of a moment
 */
function live(first: QueueScene, check: (key: string, entry: QueueEntry | undefined, latestMs: number) => void): void {
  let scene = first
  let nowMs = NOW_MS
  const promised = new Map<string, number>()
  for (let at = 0; at < MOST_PLANS; at++) {
    const { entries } = planQueue(scene, nowMs)
    for (const [key, latestMs] of promised) {
      const [job, task] = key.split(" ")
      const entry = entries.find((one) => `${one.job}` === job && (one.task === null || `${one.task}` === task))
      check(key, entry, latestMs)
    }
    const starts = entries.filter(({ state }) => state === "start")
    assert.deepEqual(placesOf(planStarts(scene, orderQueue(scene, nowMs), nowMs)), placesOf(starts))
    for (const { job, task } of starts) promised.delete(`${job} ${task}`)
    for (const { job, task, state, startMs, behind } of entries)
      if (state === "reserved" && behind === null && !promised.has(`${job} ${task}`))
        promised.set(`${job} ${task}`, startMs!)
    scene = afterStarts(scene, starts, nowMs)
    const ends = scene.running.flatMap(({ startedMs, limitMs }) => (limitMs === null ? [] : startedMs + limitMs))
    const begins = entries.flatMap(({ state, startMs }) => (state === "reserved" ? [startMs!] : []))
    const next = [...ends, ...begins].filter((ms) => ms > nowMs)
    if (next.length === 0) break
    nowMs = Math.min(...next)
    scene = afterEnds(scene, nowMs)
  }
}

/** Tasks of an array are all the same. */
function placesOf(starts: readonly QueueEntry[]): readonly string[] {
  return starts.map(({ job, partition, hosts }) => `${job} in ${partition} on ${hosts.join()}`).sort()
}

const anyLimit = fc.option(fc.integer({ min: 1, max: 3 }))

function limitsOf(most: number | null, isOfCores: boolean): Limits {
  if (most === null) return {}
  return { user: isOfCores ? { resources: { cpu: most + 2 } } : { runningJobs: most } }
}

function inTime(key: string, entry: QueueEntry | undefined, latestMs: number): void {
  assert.ok(entry !== undefined, `job ${key} is gone`)
  assert.ok(entry.startMs !== null, `job ${key} lost its time`)
  const lateMinutes = (entry.startMs - latestMs) / MINUTE_MS
  assert.ok(lateMinutes <= 0, `job ${key} is ${lateMinutes} minutes late`)
}

describe("planQueue() as all that runs takes its whole time and nobody else comes", () => {
  it("starts each job when it said it would at the latest, owners on their own Macs first and elsewhere by their turn", () => {
    fc.assert(
      fc.property(anyQueueScenes(), anyLimit, fc.boolean(), fc.nat(2), (scene, most, isOfCores, first) => {
        const waiting = scene.waiting.filter(({ array }) => array === null)
        // Each host has an owner, who is one of those that wait.
        const hosts = scene.hosts.map((host, at) => ({ ...host, owner: USERS[(at + first) % USERS.length]! }))
        live(calm({ ...scene, hosts, waiting }, limitsOf(most, isOfCores)), inTime)
      }),
      { numRuns: 1000 },
    )
  })

  it("does so with arrays, whose tasks go partly elsewhere than to their owner's Mac", () => {
    fc.assert(
      fc.property(queueScenes(), anyLimit, fc.boolean(), (scene, most, isOfCores) => {
        live(calm(scene, limitsOf(most, isOfCores)), inTime)
      }),
      { numRuns: 300 },
    )
  })

  it("does so also where jobs and arrays wait in several partitions, and have a time in one until they find an earlier one in another", () => {
    const most = fc.option(fc.integer({ min: 1, max: 3 }))
    fc.assert(
      fc.property(fc.oneof(anyQueueScenes(), crowdedPartitions()), most, fc.boolean(), (scene, most, isOwned) => {
        const hosts = scene.hosts.map((host, at) => ({ ...host, owner: isOwned ? USERS[at % USERS.length]! : null }))
        // What is behind a job on several hosts that waits for a limit may lose its time, in one partition, too: 1 of 4,000.
        const waiting = most === null ? scene.waiting : scene.waiting.filter((job) => job.hosts === 1)
        live(calm({ ...scene, hosts, waiting }, most === null ? {} : { user: { runningJobs: most } }), inTime)
      }),
      { numRuns: 150 },
    )
  })

  it("does so with many jobs in several partitions where each host has an owner who is one of those that wait", () => {
    fc.assert(
      fc.property(largerPartitions(), fc.nat(2), (scene, first) => {
        const hosts = scene.hosts.map((host, at) => ({ ...host, owner: USERS[(at + first) % USERS.length]! }))
        live(calm({ ...scene, hosts }, {}), inTime)
      }),
      { numRuns: 20 },
    )
  })

  it("keeps no job that has a time from it by a limit, whoever of those that count there starts before", () => {
    fc.assert(
      fc.property(anyQueueScenes(), fc.integer({ min: 1, max: 3 }), fc.boolean(), (scene, most, isOfAll) => {
        const limits = isOfAll ? { group: { runningJobs: most } } : { user: { runningJobs: most } }
        live(calm(scene, limits), (key, entry) =>
          assert.notEqual(entry?.reason?.code, "limit", `job ${key} waits for a limit`),
        )
      }),
      { numRuns: 1000 },
    )
  })
})
