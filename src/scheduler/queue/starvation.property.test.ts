import assert from "node:assert/strict"
import { describe, it } from "node:test"
import fc from "fast-check"
import { jobOf, MINUTE_MS, poolOf, Stream } from "../../../test/support/job-stream.ts"

const HOUR_MS = 60 * MINUTE_MS
/** Who has a limit and starts behind one that waits for one host may still be there for as long as that. */
const LONGEST_LIMIT_MS = 180 * MINUTE_MS

describe("planQueue() over time", () => {
  it("starts a large job where small ones without a time limit never stop coming", () => {
    const stream = new Stream(poolOf([64, 64]))
    // As many small ones as fit, again and again, each ending at another moment.
    for (let at = 0; at < 400; at++) {
      stream.send(jobOf({ id: at + 10, memoryBytes: 20, priority: 1, lastsMs: (50 + (at % 7)) * MINUTE_MS }), at * 10)
    }
    stream.send(jobOf({ id: 1, memoryBytes: 60, priority: 5, lastsMs: HOUR_MS }), 100)
    const startedMs = stream.startOf(1)
    assert.ok(startedMs !== null)
    // All that ran when it came have ended by then, and nobody who came after them is in its way.
    assert.ok(startedMs <= 100 * MINUTE_MS + HOUR_MS, `after ${startedMs / MINUTE_MS} min`)
  })

  it("gives its turn to a job that needs several hosts, or a licence that others use", () => {
    for (const ask of [{ hosts: 2 }, { pieces: { matlab: 2 } }]) {
      const stream = new Stream(poolOf([64, 64, 64], { matlab: 2 }))
      for (let at = 0; at < 300; at++) {
        const small = { memoryBytes: 20, priority: 1, pieces: { matlab: 1 } }
        stream.send(jobOf({ ...small, id: at + 10, lastsMs: (50 + (at % 7)) * MINUTE_MS }), at * 10)
        stream.send(jobOf({ id: at + 1000, memoryBytes: 40, priority: 1, lastsMs: 95 * MINUTE_MS }), at * 10 + 3)
      }
      stream.send(jobOf({ id: 1, memoryBytes: 60, priority: 5, lastsMs: HOUR_MS, ...ask }), 100)
      const startedMs = stream.startOf(1)
      assert.ok(startedMs !== null && startedMs <= 300 * MINUTE_MS, `${JSON.stringify(ask)}: ${startedMs}`)
    }
  })

  it("starts whoever stands before all at the latest when all have ended that ran as it came to the front", () => {
    fc.assert(
      fc.property(streams, (jobs) => {
        const stream = new Stream(poolOf([8, 6, 4]))
        for (const { job, atMinute } of jobs) stream.send(job, atMinute)
        // Who is passed by one of higher priority that comes later stands at the front anew.
        let front: number | null = null
        const latest = new Map<number, number>()
        const slackMs = jobs.some(({ job }) => job.spec.limitMs !== null) ? LONGEST_LIMIT_MS : 0
        stream.run((nowMs, before) => {
          const first = stream.front()
          if (front !== null && before !== front) latest.delete(front)
          if (first !== null && (first !== front || first !== before))
            latest.set(first, Math.max(nowMs, ...stream.endsMs()) + slackMs)
          front = first
        })
        for (const { job } of jobs) {
          const startedMs = stream.startOf(job.spec.id)
          assert.ok(startedMs !== null, `job ${job.spec.id} never started`)
          const latestMs = latest.get(job.spec.id) ?? startedMs
          assert.ok(startedMs <= latestMs, `job ${job.spec.id}: ${startedMs} > ${latestMs}`)
        }
      }),
      { numRuns: 400 },
    )
  })
})

const streams = fc
  .tuple(
    fc.boolean(),
    fc.array(
      fc.record({
        memoryBytes: fc.integer({ min: 1, max: 8 }),
        gpus: fc.constantFrom(0, 0, 1),
        priority: fc.integer({ min: 1, max: 4 }),
        hosts: fc.constantFrom(1, 1, 1, 2),
        lastsMs: fc.integer({ min: 1, max: 90 }).map((minutes) => minutes * MINUTE_MS),
        hasLimit: fc.boolean(),
        atMinute: fc.integer({ min: 0, max: 200 }),
      }),
      { minLength: 1, maxLength: 40 },
    ),
  )
  .map(([withLimits, all]) =>
    all.map(({ atMinute, hasLimit, hosts, memoryBytes, ...one }, at) => ({
      atMinute,
      job: jobOf({
        ...one,
        id: at + 1,
        hosts,
        // What needs two hosts must fit on the second largest.
        memoryBytes: hosts === 2 ? Math.min(6, memoryBytes) : memoryBytes,
        ...(withLimits && hasLimit ? { limitMs: one.lastsMs * 2 } : {}),
      }),
    })),
  )
