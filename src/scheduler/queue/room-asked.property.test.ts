import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { afterPlan } from "../../../test/support/asked-scenes.ts"
import { manyPreempt, preemptionScenes } from "../../../test/support/preemption-scenes.ts"
import { anyQueueScenes, MINUTE_MS, QUEUE_NOW_MS as NOW_MS } from "../../../test/support/queue-scenes.ts"
import { planQueue } from "./plan-queue.ts"
import type { QueueEntry } from "./queue-plan.ts"
import type { QueueScene, RunningAttempt } from "./queue-scene.ts"

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

/** Without a grace they are there to the end of the step, which no plan knew. */
function isKnown(asks: readonly QueueEntry[]): boolean {
  return asks.every(({ startMs, preempts }) => startMs! > NOW_MS || preempts.every(isSuspended))
}

const NOW_IN_VAIN =
  "nobody is stopped in vain: who stands before does not take the room, and the job starts as planned when it is made, or before"
test(NOW_IN_VAIN, () => {
  let [met, behind, several] = [0, 0, 0]
  fc.assert(
    fc.property(fc.oneof(crowded(), manyPreempt()), (scene) => {
      const { entries } = planQueue(scene, NOW_MS)
      const asks = entries.filter(({ preempts }) => preempts.length > 0)
      if (asks.length === 0) return
      met++
      behind += asks.some(({ place }) => place! > 1) ? 1 : 0
      several += asks.length > 1 ? 1 : 0
      assertInTime(scene, entries, true)
      if (isKnown(asks)) assertInTime(scene, entries, false)
    }),
    { numRuns: 3_000 },
  )
  assert.ok(
    met > 50 && behind > 10 && several > 30,
    `${met} ask others, ${behind} behind somebody, ${several} together`,
  )
})

/** As those leave who were asked to, one after the other at the end of their grace or before, and whoever has room then starts; nobody else is asked. */
function liveAsAsked(scene: QueueScene, first: readonly QueueEntry[], at: readonly number[]): void {
  const asks = first.filter(({ preempts }) => preempts.length > 0)
  const toLeave = asks.flatMap(({ preempts }) => preempts.filter((one) => !isSuspended(one)))
  const goneMs = new Map(
    toLeave.map(({ job, graceEndsMs }, index) => [job, NOW_MS + (graceEndsMs - NOW_MS) * at[index % at.length]!]),
  )
  const due = asks.map(({ job, startMs }) => ({ job, latestMs: Math.ceil(startMs! / MINUTE_MS) * MINUTE_MS }))
  const left = due.toSorted((a, b) => a.latestMs - b.latestMs)
  let now = afterPlan(scene, first, NOW_MS, false)
  const moments = new Set([NOW_MS, ...goneMs.values(), ...left.map(({ latestMs }) => latestMs)])
  for (const nowMs of [...moments].sort((a, b) => a - b)) {
    const isThere = ({ job, startedMs, limitMs }: RunningAttempt) =>
      (goneMs.get(job) ?? Number.POSITIVE_INFINITY) > nowMs && (limitMs === null || startedMs + limitMs > nowMs)
    now = { ...now, running: now.running.filter(isThere) }
    const starts = planQueue(now, nowMs).entries.filter(
      ({ state, preempts }) => state === "start" && preempts.length === 0,
    )
    for (const { job } of starts) {
      const begun = left.findIndex((one) => one.job === job)
      if (begun !== -1) left.splice(begun, 1)
    }
    now = afterPlan(now, starts, nowMs, false)
    const [late] = left.filter(({ latestMs }) => latestMs <= nowMs)
    assert.ok(late === undefined, `job ${late?.job} was to start in ${(nowMs - NOW_MS) / 1_000} s`)
  }
}

test("where several ask at once, all of them start when they were to at the latest, in whichever order the others go", () => {
  let [several, arrays] = [0, 0]
  fc.assert(
    fc.property(manyPreempt(), fc.array(fc.constantFrom(1, 1, 0.1, 0.5, 0.9), { minLength: 3 }), (scene, at) => {
      const { entries } = planQueue(scene, NOW_MS)
      const asks = entries.filter(({ preempts }) => preempts.length > 0)
      if (asks.length === 0 || !isKnown(asks)) return
      several += asks.length > 1 ? 1 : 0
      arrays += new Set(asks.map(({ job }) => job)).size < asks.length ? 1 : 0
      liveAsAsked(scene, entries, at)
    }),
    { numRuns: 4_000 },
  )
  assert.ok(several > 50 && arrays > 5, `${several} ask together, ${arrays} of them for one array`)
})

function isSuspended({ mode }: QueueEntry["preempts"][number]): boolean {
  return mode === "suspend"
}
