import assert from "node:assert/strict"
import { describe, it } from "node:test"
import fc from "fast-check"
import { scenes } from "../../test/support/scheduler-scenes.ts"
import type { JobId } from "../protocol/ids.ts"
import { plan } from "./plan.ts"
import type { WaitingJob } from "./snapshot.ts"

const NOW_MS = 1_000
const COUNTS = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 8, maxLength: 8 })

/** Numbers leave room for those of the tasks. */
const numbered = (job: WaitingJob, at: number): WaitingJob => ({ ...job, id: (100 + at * 10) as JobId })

function asArray(job: WaitingJob, count: number, more: Partial<NonNullable<WaitingJob["array"]>> = {}): WaitingJob {
  const tasks = { runs: [{ first: 1, last: count }], count, atOnce: null }
  return { ...job, array: { of: job.id, tasks, atOnce: null, running: 0, ...more } }
}

describe("plan() of arrays", () => {
  it("starts the tasks of an array as it would as many jobs in a row", () => {
    fc.assert(
      fc.property(scenes({ maxJobs: 8 }), COUNTS, (scene, counts) => {
        const jobs = scene.waiting.map(numbered)
        const apart = jobs.flatMap((job, at) =>
          Array.from({ length: counts[at]! }, (_, i) => ({ ...job, id: (job.id + i + 1) as JobId })),
        )
        const together = jobs.map((job, at) => asArray(job, counts[at]!))
        const places = plan({ ...scene, waiting: together }, NOW_MS).starts.map(({ job, task, host, resources }) => [
          job + task!,
          host,
          resources,
        ])
        const expected = plan({ ...scene, waiting: apart }, NOW_MS).starts.map(({ job, host, resources }) => [
          job,
          host,
          resources,
        ])
        assert.deepEqual(places, expected)
      }),
    )
  })

  it("starts no more of an array than may run, with those that run and those that are tried again", () => {
    fc.assert(
      fc.property(
        scenes({ maxJobs: 6 }),
        COUNTS,
        fc.nat(3),
        fc.integer({ min: 1, max: 4 }),
        (scene, counts, running, atOnce) => {
          const [first, ...others] = scene.waiting.map(numbered)
          if (first === undefined) return
          const whole = asArray(first, counts[0]!, { atOnce, running })
          const again: WaitingJob[] = others.map((job) => ({
            ...job,
            array: { of: first.id, tasks: null, atOnce, running },
          }))
          const { starts } = plan({ ...scene, waiting: [whole, ...again] }, NOW_MS)
          assert.ok(starts.length <= Math.max(0, atOnce - running))
          const tasks = starts.filter(({ job }) => job === first.id).map(({ task }) => task)
          assert.deepEqual(
            tasks,
            Array.from(tasks, (_, i) => i + 1),
          )
          for (const { job, task } of starts) if (job !== first.id) assert.equal(task, null)
        },
      ),
    )
  })
})
