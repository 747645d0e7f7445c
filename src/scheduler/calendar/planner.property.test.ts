import assert from "node:assert/strict"
import { describe, it } from "node:test"
import fc from "fast-check"
import { FULL_MS, GRID_MS, Minutes, plannerScenes, WINDOW_MS } from "../../../test/support/planner-scenes.ts"
import type { JobId } from "../../protocol/ids.ts"
import { planCalendar } from "./planner.ts"
import type { Planned, PlannedLease, PlannerScene } from "./planner-scene.ts"

const RULES = { gridMs: GRID_MS, windowMs: WINDOW_MS, depth: 500 }
const clock = fc.constantFrom(0, 1, 17_000, 59_000).map((ms) => FULL_MS + ms)

describe("planCalendar() of any pool and queue", () => {
  it("gives each job the first moment at which there is room for all of it, and gives nothing out twice", () => {
    fc.assert(
      fc.property(plannerScenes(), clock, (scene, nowMs) => {
        const minutes = new Minutes(scene, nowMs)
        const endMs = Math.floor((nowMs + WINDOW_MS) / GRID_MS) * GRID_MS
        for (const [at, planned] of planCalendar(scene, nowMs, RULES).entries()) {
          const job = scene.waiting[at]!
          const moments = [nowMs]
          for (let ms = Math.floor(nowMs / GRID_MS) * GRID_MS + GRID_MS; ms < endMs; ms += GRID_MS) moments.push(ms)
          const first = moments.find((ms) => minutes.roomFor(job, ms).length >= job.hosts)
          assert.equal(planned.state === "none" ? undefined : planned.startMs, first)
          if (planned.state === "none") continue
          assert.equal(planned.state === "start", planned.startMs === nowMs)
          assert.equal(new Set(planned.hosts).size, job.hosts)
          const room = minutes.roomFor(job, planned.startMs)
          assert.ok(planned.hosts.every((host) => room.includes(host)))
          minutes.take(planned.hosts, job.need, job.pieces, planned.startMs, planned.startMs + job.limitMs)
        }
        assert.ok(minutes.isPossible())
      }),
      { numRuns: 500 },
    )
  })

  it("plans a job the same whoever stands behind it", () => {
    fc.assert(
      fc.property(plannerScenes(), clock, fc.nat(10), (scene, nowMs, cut) => {
        const whole = planCalendar(scene, nowMs, RULES)
        const first = planCalendar({ ...scene, waiting: scene.waiting.slice(0, cut) }, nowMs, RULES)
        assert.deepEqual(whole.slice(0, cut), first)
      }),
    )
  })

  it("changes nothing it was given, and does not hang on the order of what runs and of bookings", () => {
    fc.assert(
      fc.property(plannerScenes(), clock, (scene, nowMs) => {
        const before = structuredClone(scene)
        const plan = planCalendar(scene, nowMs, RULES)
        const turned = { ...scene, running: scene.running.toReversed(), bookings: scene.bookings.toReversed() }
        assert.deepEqual(planCalendar(turned, nowMs, RULES), plan)
        assert.deepEqual(scene, before)
      }),
    )
  })

  it("never has a job start after the moment first reserved for it, however early others end, when it is given the plan before", () => {
    const parts = fc.infiniteStream(fc.constantFrom(1, 1, 0.9, 0.5, 0.1))
    fc.assert(
      fc.property(plannerScenes({ bookings: false }), clock, parts, (scene, nowMs, stream) => {
        const lasts = new Map(scene.waiting.map(({ id }) => [id, stream.next().value as number]))
        for (const { job, reservedMs, startedMs } of play(scene, nowMs, lasts)) {
          assert.ok(startedMs !== null && startedMs <= reservedMs, `job ${job}: ${startedMs} after ${reservedMs}`)
        }
      }),
      { numRuns: 1000 },
    )
  })

  it("gives nothing out twice and no job a later time, when it is given the plan before", () => {
    fc.assert(
      fc.property(plannerScenes(), clock, fc.nat(300_000), (scene, nowMs, passedMs) => {
        const before = planCalendar(scene, nowMs, RULES)
        // No later than when the first is due: who starts late ends late.
        const dues = before.flatMap((one) => (one.state === "reserved" ? one.startMs : []))
        const atMs = Math.min(nowMs + passedMs, ...dues)
        const waiting = scene.waiting.filter((_, at) => before[at]?.state !== "start")
        // Without those that started there is only more room.
        const later = { ...scene, waiting, running: scene.running.filter(({ endMs }) => endMs > atMs) }
        const minutes = new Minutes(later, atMs)
        for (const [at, planned] of planCalendar(later, atMs, RULES, before).entries()) {
          const job = waiting[at]!
          const promise = before.find((one) => one.job === job.id)
          if (promise?.state === "reserved") {
            assert.ok(planned.state !== "none" && planned.startMs <= promise.startMs, `job ${job.id}`)
          }
          if (planned.state === "none") continue
          minutes.take(planned.hosts, job.need, job.pieces, planned.startMs, planned.startMs + job.limitMs)
        }
        assert.ok(minutes.isPossible())
      }),
    )
  })

  it("lets the plan before keep nobody back who was put before all", () => {
    fc.assert(
      fc.property(plannerScenes(), clock, fc.nat(9), (scene, nowMs, at) => {
        const newcomer = scene.waiting[at]
        if (newcomer === undefined) return
        const others = scene.waiting.filter((job) => job !== newcomer)
        const before = planCalendar({ ...scene, waiting: others }, nowMs, RULES)
        const first = { ...scene, waiting: [newcomer, ...others] }
        assert.deepEqual(planCalendar(first, nowMs, RULES, before), planCalendar(first, nowMs, RULES))
      }),
    )
  })
})

/**
 * Plans anew whenever something ends or is due, from the plan before, and starts what the plan starts, each for its part of the limit; says of
 * each job with a reservation when it came.
 */
function play(
  scene: PlannerScene,
  nowMs: number,
  lasts: ReadonlyMap<JobId, number>,
): { job: JobId; reservedMs: number; startedMs: number | null }[] {
  const reserved = new Map<JobId, number>()
  const started = new Map<JobId, number>()
  let running: readonly (PlannedLease & { readonly endsMs: number })[] = scene.running.map((one) => ({
    ...one,
    endsMs: one.endMs,
  }))
  let waiting = scene.waiting
  let before: readonly Planned[] = []
  for (let atMs = nowMs; waiting.length > 0; ) {
    running = running.filter(({ endsMs }) => endsMs > atMs)
    const plan = planCalendar({ ...scene, running, waiting }, atMs, RULES, before)
    before = plan
    for (const planned of plan) {
      if (planned.state === "none") continue
      if (!reserved.has(planned.job)) reserved.set(planned.job, planned.startMs)
      if (planned.state !== "start") continue
      const job = waiting.find(({ id }) => id === planned.job)!
      started.set(job.id, atMs)
      const { hosts } = planned
      const endsMs = atMs + Math.ceil(job.limitMs * lasts.get(job.id)!)
      running = [...running, { hosts, need: job.need, pieces: job.pieces, endMs: atMs + job.limitMs, endsMs }]
    }
    waiting = waiting.filter(({ id }) => !started.has(id))
    const next = [
      ...running.map(({ endsMs }) => endsMs),
      ...before.flatMap((one) => (one.state === "none" ? [] : one.startMs)),
    ].filter((ms) => ms > atMs)
    if (next.length === 0) break
    atMs = Math.min(...next)
  }
  return [...reserved].map(([job, reservedMs]) => ({ job, reservedMs, startedMs: started.get(job) ?? null }))
}
