import assert from "node:assert/strict"
import { describe, it } from "node:test"
import fc from "fast-check"
import { MINUTE_MS, QUEUE_NOW_MS, queueScenes } from "../../../test/support/queue-scenes.ts"
import { endOf } from "./attempt-room.ts"
import { planQueue } from "./plan-queue.ts"
import type { QueueJob, QueueScene } from "./queue-scene.ts"
import { type SoonerWay, soonerWays } from "./sooner-ways.ts"

/** A full minute, as ends and bookings are here. */
const NOW_MS = QUEUE_NOW_MS - (QUEUE_NOW_MS % MINUTE_MS)

/** One job without an array, two where somebody is before it; what runs has a limit; hosts take jobs, and nobody has to make room. */
const scenes = fc.tuple(queueScenes(), fc.boolean()).map(([scene, hasMore]): QueueScene => {
  const toMinute = (ms: number) => ms - (ms % MINUTE_MS)
  const jobs = scene.waiting.map((job) => ({ ...job, hold: null, array: null, limitMs: job.limitMs ?? 90 * MINUTE_MS }))
  return {
    ...scene,
    policy: { ...scene.policy, preemption: { ...scene.policy.preemption, by: "off" }, limits: {} },
    running: scene.running.map(({ leavesFor: _, ...one }) => ({
      ...one,
      startedMs: toMinute(one.startedMs),
      leavesMs: null,
      limitMs: one.limitMs ?? 100 * MINUTE_MS,
    })),
    bookings: scene.bookings.map((one) => ({ ...one, startMs: toMinute(one.startMs), endMs: toMinute(one.endMs) })),
    hosts: scene.hosts.map((host) => ({ ...host, ownerObstacles: [], owner: null, expected: [] })),
    waiting: jobs.slice(0, hasMore ? 2 : 1),
  }
})

function minutesOf({ words }: SoonerWay): number | null {
  const [, count, unit] = /^with --time (\d+)([mhd])$/.exec(words) ?? []
  return count === undefined ? null : Number(count) * { m: 1, h: 60, d: 1440 }[unit as "m" | "h" | "d"]
}

describe("what is offered to start sooner", () => {
  it("by a shorter time limit begins then, before any booking of others, and sooner than without", () => {
    const seen = { now: 0, later: 0 }
    fc.assert(
      fc.property(scenes, (scene) => {
        for (const job of scene.waiting) {
          const before = planQueue(scene, NOW_MS).entries.find((one) => one.job === job.id)!
          if (before.state === "start") continue
          for (const way of soonerWays(scene, job, job.limitMs, NOW_MS)) {
            const minutes = minutesOf(way)
            if (minutes === null) continue
            assert.ok(minutes > 0 && minutes * MINUTE_MS < job.limitMs!, way.words)
            assert.ok(way.startMs < (before.startMs ?? Number.POSITIVE_INFINITY), way.words)
            const shorter = { ...job, limitMs: minutes * MINUTE_MS }
            const asks = { ...scene, waiting: scene.waiting.map((one) => (one.id === job.id ? shorter : one)) }
            const entry = planQueue(asks, NOW_MS).entries.find((one) => one.job === job.id)!
            assert.deepEqual([entry.startMs, entry.hosts], [way.startMs, way.hosts], way.words)
            assertBeforeBookings(scene, shorter, way)
            if (way.startMs === NOW_MS) seen.now++
            else seen.later++
            if (scene.waiting.length === 1) assertStartsThen(asks, shorter, way)
          }
        }
      }),
      { numRuns: 4_000 },
    )
    assert.ok(seen.now > 0 && seen.later > 0, JSON.stringify(seen))
  })
})

function assertBeforeBookings({ bookings }: QueueScene, { user, limitMs }: QueueJob, way: SoonerWay): void {
  for (const { hosts, users, startMs, endMs } of bookings)
    if (!users.includes(user) && way.hosts.some((host) => hosts.has(host)))
      assert.ok(way.startMs + limitMs! <= startMs || endMs <= way.startMs, way.words)
}

/** As those that run have taken their whole time, and it waits alone. */
function assertStartsThen(scene: QueueScene, job: QueueJob, { startMs, words }: SoonerWay): void {
  const running = scene.running.filter((one) => endOf(one, NOW_MS) > startMs)
  const entry = planQueue({ ...scene, running }, startMs).entries.find((one) => one.job === job.id)
  assert.equal(entry?.state, "start", words)
}
