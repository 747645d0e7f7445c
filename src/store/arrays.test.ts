import assert from "node:assert/strict"
import { test } from "node:test"
import { IndexSet } from "../base/index-set.ts"
import type { JobId } from "../protocol/ids.ts"
import { DEFAULT_SPEC } from "../protocol/job.ts"
import { newArray } from "./array-record.ts"
import { Database } from "./database.ts"
import { type JobRecord, untriedJob } from "./job-record.ts"
import { JobStore } from "./jobs.ts"
import { migrate } from "./migrate.ts"

const record = (id: number, more: Partial<JobRecord> = {}): JobRecord => ({
  ...untriedJob({ id: id as JobId, user: "ada", spec: { ...DEFAULT_SPEC, command: ["true"] }, submittedAt: 1 }),
  ...more,
})

test("jobs of before arrays are none, and arrays come back as they were", () => {
  using database = new Database(":memory:")
  migrate(database, 18)
  database.execute("INSERT INTO users VALUES ('ada', 'admin', 1)")
  const spec = JSON.stringify({ ...DEFAULT_SPEC, command: ["true"] })
  database.execute(
    `INSERT INTO jobs (id, user, state, spec_json, submitted_at) VALUES (1, 'ada', 'succeeded', '${spec}', 1)`,
  )
  migrate(database)
  const jobs = new JobStore(database)
  const [before] = jobs.list({ limit: 10, without: "tasks" })
  assert.deepEqual([before?.id, before?.array, before?.task], [1, undefined, undefined])

  const array = newArray(IndexSet.parse("1-9:2,20-30"), 4)
  const sweep = record(2, {
    spec: { ...DEFAULT_SPEC, command: ["true"], env: { A: "b" }, array: "1-9:2,20-30%4" },
    array,
  })
  jobs.insert(sweep)
  assert.equal(jobs.lastId(), 2 + 16)
  array.waiting.delete(3)
  array.held.user.addAll(array.waiting.takeAll(IndexSet.parse("20-25")))
  array.unrun.cancelled.add(30)
  array.waiting.delete(30)
  array.counts.cancelled++
  array.failures.push({ index: 5, state: "failed", cause: "exited", exitCode: 3, signal: null })
  jobs.update(sweep)
  const read = jobs.get(sweep.id)?.array
  assert.deepEqual(
    [read?.all, read?.waiting, read?.held.user, read?.unrun.cancelled].map(String),
    ["1-9:2,20-30", "1-9:4,7,26-29", "20-25", "30"].map((text) => `${IndexSet.parse(text)}`),
  )
  assert.deepEqual([read?.counts, read?.failures, read?.atOnce], [array.counts, array.failures, 4])

  const { array: _, ...taskSpec } = sweep.spec
  jobs.insert(record(4, { spec: taskSpec, task: { array: sweep.id, index: 3 }, state: "succeeded", startedAt: 5 }))
  jobs.insert(record(5, { spec: taskSpec, task: { array: sweep.id, index: 5 } }))
  const [three, five] = [jobs.get(4 as JobId), jobs.get(5 as JobId)]
  assert.deepEqual([three?.task, three?.spec], [{ array: 2, index: 3 }, taskSpec])
  assert.equal(three?.spec, five?.spec, "tasks share what was sent")
  const listed = (filter: object) => jobs.list({ limit: 10, ...filter }).map(({ id }) => id)
  assert.deepEqual(listed({}), [5, 4, 2, 1])
  assert.deepEqual(listed({ without: "tasks" }), [2, 1])
  assert.deepEqual(listed({ without: "ended_tasks" }), [5, 2, 1])
  assert.deepEqual(listed({ array: 2 }), [5, 4])
  assert.equal(jobs.tasks.arrayKeeping(17 as JobId), 2)
  assert.equal(jobs.tasks.arrayKeeping(19 as JobId), undefined)
  assert.equal(jobs.tasks.arrayKeeping(2 as JobId), undefined)
  assert.deepEqual(
    [...jobs.tasks.progress(sweep.id, 16)],
    [
      [3, { state: "succeeded", startedAt: 5, endedAt: null }],
      [5, { state: "queued", startedAt: null, endedAt: null }],
    ],
  )
})
