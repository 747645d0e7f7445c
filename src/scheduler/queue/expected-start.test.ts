import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, it } from "node:test"
import { readScene } from "../queue-file/read-scene.ts"
import { expectedStart } from "./expected-start.ts"
import { planQueue } from "./plan-queue.ts"

const PLANS = join(import.meta.dirname, "../../../test/fixtures/plans")

function expectedOf(file: string, job: number) {
  return expectedIn(readFileSync(join(PLANS, file), "utf8"), job)
}

function expectedIn(text: string, job: number) {
  const read = readScene(text)
  assert.ok(read.scene !== null)
  const { scene, nowMs } = read
  const entry = planQueue(scene, nowMs, { estimates: true }).entries.find((one) => one.job === job)!
  const { from, to, rests } = expectedStart(scene, nowMs, entry)
  return { inMs: from === null ? null : from - nowMs, to, rests }
}

describe("the expected start of a job that waits for room", () => {
  it("is now at the earliest, also between two full minutes, and at the latest on the grid", () => {
    const running = [{ id: 1, hosts: "mac1", gpus: 1, started: 0, time: 60 }]
    const text = JSON.stringify({ now: 3_607, hosts: ["mac1"], running, jobs: [{ id: 2, gpus: 1, time: 30 }] })
    const { inMs, to } = expectedIn(text, 2)
    assert.deepEqual([inMs, to], [0, 3_660_000])
  })
})

describe("the expected start of a job that waits for a limit", () => {
  it("is at the earliest when it could start if all that runs now ended at once", () => {
    const limited = expectedOf("limit-counts-times.json", 4)
    assert.deepEqual([limited.inMs, limited.to], [0, null])
    assert.match(limited.rests, /how late nobody can say, as it waits for a limit/)
  })

  it("is never where the limit lasts", () => {
    const { inMs, to, rests } = expectedOf("limit-never-first.json", 4)
    assert.deepEqual([inMs, to, rests], [null, null, "by that limit it never starts"])
  })
})

describe("the expected start of a job behind one that has no time of its own", () => {
  it("has no late end, and says behind whom", () => {
    const behind = expectedOf("behind-limit.json", 7)
    assert.deepEqual([behind.inMs, behind.to], [600_000, null])
    assert.match(behind.rests, /how late nobody can say, as job 1 before it has no time yet and may go first/)
    const free = expectedOf("behind-array.json", 4)
    assert.equal(free.to, 600_000)
  })
})
