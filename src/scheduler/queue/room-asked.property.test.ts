import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { afterPlan } from "../../../test/support/asked-scenes.ts"
import { preemptionScenes } from "../../../test/support/preemption-scenes.ts"
import { anyQueueScenes, MINUTE_MS, QUEUE_NOW_MS as NOW_MS } from "../../../test/support/queue-scenes.ts"
import { planQueue } from "./plan-queue.ts"
import type { QueueEntry } from "./queue-plan.ts"
import type { QueueScene } from "./queue-scene.ts"

const crowded = () => fc.oneof(preemptionScenes(), preemptionScenes(), anyQueueScenes())

/** When those start that have a time and ask nobody for it, the first first. */
function timesOf(entries: readonly QueueEntry[], id: number): readonly number[] {
  const mine = entries.filter(({ job, startMs, preempts }) => job === id && startMs !== null && preempts.length === 0)
  return mine.map(({ startMs }) => startMs!).sort((a, b) => a - b)
}

/** Those who asked others to make room, one time for each. */
function asked(entries: readonly QueueEntry[]): ReadonlyMap<number, readonly number[]> {
  const times = new Map<number, number[]>()
  for (const { job, startMs, preempts } of entries)
    if (preempts.length > 0)
      times.set(
        job,
        [...(times.get(job) ?? []), startMs!].sort((a, b) => a - b),
      )
  return times
}

/** Who is on the way out may be there to the end of the minute: plans go by whole ones. */
function assertInTime(scene: QueueScene, first: readonly QueueEntry[], areGone: boolean): void {
  const { entries } = planQueue(afterPlan(scene, first, NOW_MS, areGone), NOW_MS)
  for (const [job, times] of asked(first)) {
    const now = timesOf(entries, job)
    for (const [at, latestMs] of times.entries()) {
      const startMs = now[at] ?? Number.POSITIVE_INFINITY
      const lastMs = areGone ? latestMs : Math.ceil(latestMs / MINUTE_MS) * MINUTE_MS
      assert.ok(startMs <= lastMs, `job ${job} has ${startMs}, not ${latestMs}`)
    }
  }
}

test("nobody is stopped in vain: who stands before does not take the room, and the job starts as planned when it is made, or before", () => {
  let [met, behind] = [0, 0]
  fc.assert(
    fc.property(crowded(), (scene) => {
      const { entries } = planQueue(scene, NOW_MS)
      const asks = entries.filter(({ preempts }) => preempts.length > 0)
      // Where several ask at once, and the same one leaves for two of them, one may have to wait on.
      if (asks.length !== 1) return
      met++
      behind += asks.some(({ place }) => place! > 1) ? 1 : 0
      assertInTime(scene, entries, true)
      // Without a grace they are there to the end of the step, which no plan knew.
      const isKnown = asks.every(({ startMs, preempts }) => startMs! > NOW_MS || preempts.every(isSuspended))
      if (isKnown) assertInTime(scene, entries, false)
    }),
    { numRuns: 3_000 },
  )
  assert.ok(met > 50 && behind > 10, `${met} ask others, ${behind} stand behind somebody`)
})

function isSuspended({ mode }: QueueEntry["preempts"][number]): boolean {
  return mode === "suspend"
}
