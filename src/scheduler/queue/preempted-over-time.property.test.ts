import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { afterPlan } from "../../../test/support/asked-scenes.ts"
import { manyPreempt, preemptionScenes } from "../../../test/support/preemption-scenes.ts"
import { MINUTE_MS, QUEUE_NOW_MS } from "../../../test/support/queue-scenes.ts"
import { planQueue } from "./plan-queue.ts"
import type { QueueEntry } from "./queue-plan.ts"
import type { QueueJob, QueueScene, RunningAttempt } from "./queue-scene.ts"

const MOST_PLANS = 16
const NOW_MS = QUEUE_NOW_MS - (QUEUE_NOW_MS % MINUTE_MS)

/** All go at once who are asked to, all have time limits, and nobody is on the way out yet. */
function withoutGraces(scene: QueueScene): QueueScene {
  const { policy } = scene
  return {
    ...scene,
    policy: {
      ...policy,
      backfill: { ...policy.backfill, enabled: true, depth: 500, windowMs: 10_000 * MINUTE_MS },
      preemption: { ...policy.preemption, graceMs: 0 },
      qos: policy.qos.map((one) => ({ ...one, graceMs: null })),
    },
    hosts: scene.hosts.map((host) => ({ ...host, ownerObstacles: [], expected: [] })),
    bookings: [],
    running: scene.running.map(({ leavesFor: _, stoppedFor: __, ...one }) => ({
      ...one,
      startedMs: one.startedMs - (one.startedMs % MINUTE_MS),
      limitMs: Math.ceil((one.limitMs ?? 300 * MINUTE_MS) / MINUTE_MS) * MINUTE_MS,
      leavesMs: null,
    })),
    waiting: scene.waiting.flatMap((job) =>
      job.array === null ? { ...job, limitMs: job.limitMs ?? 90 * MINUTE_MS, booking: null } : [],
    ),
  }
}

/** As all is done that the plan has: who makes room is gone or stopped, whoever starts has, and who was requeued waits with the age it had. */
function afterAll(scene: QueueScene, entries: readonly QueueEntry[], nowMs: number): QueueScene {
  const asks = entries.filter(({ preempts }) => preempts.length > 0)
  const made = afterPlan(scene, asks, nowMs, true)
  const starts = entries.flatMap((one) => (one.state === "start" ? { ...one, preempts: [] } : []))
  const begun = afterPlan(made, starts, nowMs, true)
  const requeued = entries.flatMap(({ preempts }) => preempts.filter(({ mode }) => mode === "requeue"))
  const back = requeued.map(({ job }) => asJob(scene.running.find((one) => one.job === job)!))
  return { ...begun, waiting: [...begun.waiting, ...back] }
}

function asJob({ job, partition, hosts, nodes, ...one }: RunningAttempt): QueueJob {
  const { task: _, startedMs: __, leavesMs: ___, once: ____, interactive = false, ...kept } = one
  const never = { beginMs: null, deadlineMs: null, hold: null, dependency: null, booking: null }
  const plain = { priority: null, nice: 0, site: 0, expedited: false, interactive, array: null, data: [] }
  const asked = { partitions: [partition], hosts: nodes ?? hosts.length, accruesSinceMs: one.submittedMs }
  return { ...kept, id: job, ...asked, ...never, ...plain, hostsWanted: one.hostsWanted ?? null }
}

function afterEnds(scene: QueueScene, nowMs: number): QueueScene {
  const left = scene.running.filter(({ startedMs, limitMs }) => startedMs + limitMs! > nowMs)
  // Of an array the task that was the first there.
  const runs = (id: number | null) => left.some((one) => scene.running.find(({ job }) => job === id) === one)
  const running = left.map((one) => (runs(one.stoppedFor ?? null) ? one : { ...one, stoppedFor: null }))
  return { ...scene, running }
}

test("where jobs make room for others, each that is told a time starts by then, whoever is preempted sooner than was planned, comes back, or goes on", () => {
  let [met, kept, preempted] = [0, 0, 0]
  fc.assert(
    fc.property(fc.oneof(preemptionScenes(), manyPreempt()), fc.boolean(), (any, isAtOnce) => {
      let scene = withoutGraces(any)
      let nowMs = NOW_MS
      const told = new Map<number, number>()
      for (let at = 0; at < MOST_PLANS; at++) {
        const { entries, nextWakeMs } = planQueue(scene, nowMs)
        for (const { job, state, startMs, behind, reason } of entries) {
          const latestMs = told.get(job)
          if (latestMs !== undefined) {
            const inTime = startMs !== null && startMs <= latestMs
            assert.ok(inTime, `job ${job} was told ${latestMs - NOW_MS}, and has ${startMs} (${reason?.code})`)
            kept++
          }
          if (state === "start") told.delete(job)
          else if (state === "reserved" && behind === null && latestMs === undefined) told.set(job, startMs!)
        }
        preempted += entries.filter(({ preempts }) => preempts.length > 0).length
        scene = afterAll(scene, entries, nowMs)
        if (isAtOnce && entries.some(({ state }) => state === "start")) continue
        const ends = scene.running.map(({ startedMs, limitMs }) => startedMs + limitMs!)
        const begins = entries.flatMap(({ state, startMs }) => (state === "reserved" ? [startMs!] : []))
        const wakes = nextWakeMs === null ? [] : [Math.ceil(nextWakeMs / MINUTE_MS) * MINUTE_MS]
        const next = [...ends, ...begins, ...wakes].filter((ms) => ms > nowMs)
        if (next.length === 0) break
        nowMs = Math.min(...next)
        scene = afterEnds(scene, nowMs)
        met++
      }
    }),
    { numRuns: 800 },
  )
  assert.ok(met > 500 && kept > 300 && preempted > 100, `${met} moments, ${kept} times kept, ${preempted} preempt`)
})
