import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, it } from "node:test"
import { readScene } from "../queue-file/read-scene.ts"
import { expectedStart } from "./expected-start.ts"
import { planQueue } from "./plan-queue.ts"
import { reasonText } from "./reason-text.ts"

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

describe("the expected start of a job over a limit of what was used", () => {
  const AT_MS = Date.UTC(2026, 10, 29, 12, 2)
  const told = (usage: object, limits: object, used: object, more: object = {}) => {
    const policy = { accounts: { phys: { users: ["ann"], limits } }, usage, ...more }
    const jobs = [{ id: 2, user: "ann", account: "phys", gpus: 1, time: 60 }]
    const file = { now: "2026-11-29T12:02:00Z", policy, hosts: ["mac1"], used: [{ of: "account phys", ...used }], jobs }
    const read = readScene(JSON.stringify(file))
    assert.deepEqual(read.problems, null)
    const entry = planQueue(read.scene!, AT_MS, { estimates: true }).entries[0]!
    assert.equal(entry.reason?.code, "limit")
    return expectedStart(read.scene!, AT_MS, entry)
  }
  const gpu = { group: { minutes: { gpu: 3 } } }
  const over = { minutes: { gpu: 12 } }

  it("is once that has faded, by whole periods, and never said to be now", () => {
    const { from, to, hosts, rests } = told({ "half-life": "1h" }, gpu, over)
    // Two half lives of 0.693/3600 a second, from 12:00 on: at 14:00 there are 3.0008 left, at 14:05 fewer than 3.
    assert.deepEqual([from, to, hosts], [Date.UTC(2026, 10, 29, 14, 5), null, []])
    assert.match(rests, /^not before what was used is below its limit again, .*; how late nobody can say/)
    assert.equal(told({ "half-life": "1h" }, { group: { "wall-time": "3m" } }, { "wall-time": "12m" }).from, from)
  })

  it("is when all that was used is forgotten, where that is sooner", () => {
    const usage = { "half-life": "7d", reset: "daily", "time-zone": "Europe/Berlin" }
    assert.equal(told(usage, gpu, over).from, Date.UTC(2026, 10, 29, 23))
  })

  it("is never where it does not fade so far", () => {
    const { from, none, rests } = told({ "half-life": "none" }, gpu, over)
    assert.deepEqual(
      [from, none, rests],
      [null, true, "by that limit it never starts: what was used does not fade so far"],
    )
  })

  it("counts what the job itself needs where that has to be left", () => {
    const { from } = told({ "half-life": "1h" }, { group: { minutes: { gpu: 63 } } }, over, { "safe-minutes": true })
    assert.equal(from, Date.UTC(2026, 10, 29, 14, 5))
  })
})

describe("the expected start of a job between two attempts", () => {
  const hosts = ["mac1"]
  it("is as soon as what the last one wrote has come, and nobody knows how late that is", () => {
    const jobs = [{ id: 2, begin: 270, awaits: "checkpoint", time: 10 }]
    const { inMs, to, rests } = expectedIn(JSON.stringify({ now: 0, hosts, jobs }), 2)
    assert.deepEqual([inMs, to], [0, null])
    assert.match(
      rests,
      /^as soon as what its last attempt wrote has come; .*how late nobody can say, as more of that may come/,
    )
  })

  it("is its next try", () => {
    const { inMs, to, rests } = expectedIn(
      JSON.stringify({ now: 0, hosts, jobs: [{ id: 2, begin: 60, awaits: "next_try", time: 10 }] }),
      2,
    )
    assert.deepEqual([inMs, to], [60_000, 60_000])
    assert.match(rests, /^not before its next try; /)
  })
})

describe("the expected start of a job whose time is to come", () => {
  const hosts = ["mac1", "mac2"]
  const running = [{ id: 1, hosts: "mac2", gpus: 1, started: 0, time: 90 }]
  const bk = { name: "bk", hosts: ["mac2"], start: 3_600, duration: "2h", users: ["ann"] }
  const job = (change: object) => ({ id: 2, user: "ann", gpus: 1, time: 30, ...change })
  const expected = (jobs: object[]) =>
    expectedIn(JSON.stringify({ now: 0, hosts, running, reservations: [bk], jobs }), 2)

  it("is from the begin of its booking on, on its hosts", () => {
    const { inMs, to, rests } = expected([job({ reservation: "bk" })])
    assert.deepEqual([inMs, to], [3_600_000, 5_400_000])
    assert.match(rests, /^not before its booking bk begins; the earliest if .*; nothing is kept for it yet$/)
    const behind = expected([
      { ...job({ reservation: "bk", time: 20 }), id: 3, priority: 9 },
      job({ reservation: "bk" }),
    ])
    assert.deepEqual([behind.inMs, behind.to], [4_800_000, 6_600_000])
  })

  it("is from its own begin time on, and nobody's before what it depends on has ended", () => {
    const { inMs, to, rests } = expected([job({ begin: 1_800 })])
    assert.deepEqual([inMs, to], [1_800_000, 1_800_000])
    assert.match(rests, /^not before its begin time; /)
    const both = expected([job({ begin: 4_500, reservation: "bk", priority: 1 })])
    assert.deepEqual([both.inMs, both.to], [4_500_000, 5_400_000])
    assert.equal(expected([job({ begin: 1_800, hold: true })]).inMs, null)
    const far = expected([job({ begin: 90 * 86_400 })])
    assert.deepEqual([far.inMs, far.to], [90 * 86_400_000, null])
    assert.match(
      far.rests,
      /^not before its begin time; how late nobody can say, as that is farther ahead than is planned$/,
    )
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

describe("a job that may not run as the policy is", () => {
  const refused: readonly (readonly [policy: object, job: object, rests: string])[] = [
    [{}, { account: "vision" }, "as long as there is no account vision"],
    [{}, { qos: "urgent" }, "as long as there is no QOS urgent"],
    [{ partitions: { apple_gpu: { users: ["bob"] } } }, {}, "as long as partition apple_gpu is not for ann"],
  ]
  for (const [policy, job, rests] of refused) {
    it(rests, () => {
      const read = readScene(JSON.stringify({ now: 0, policy, hosts: ["mac1"], jobs: [{ user: "ann" }] }))
      assert.ok(read.scene !== null)
      const { nowMs } = read
      // As when the policy that had them was replaced.
      const scene = { ...read.scene, waiting: read.scene.waiting.map((one) => ({ ...one, ...job })) }
      const entry = planQueue(scene, nowMs, { estimates: true }).entries[0]!
      const expected = expectedStart(scene, nowMs, entry)
      assert.deepEqual(expected, { from: null, to: null, hosts: [], estimate: false, none: true, rests })
    })
  }
})

describe("a job that a booking and the programs of an owner keep off", () => {
  const hosts = [
    { name: "mac1", memory: "36 GB" },
    { name: "mac2", memory: "128 GB", "memory-now": "85 GB" },
  ]
  const bk = { name: "bk", hosts: ["mac2"], start: 900, duration: "10m", users: ["ann"] }
  const told = (memory: string, reservations: object[]) => {
    const jobs = [{ id: 2, user: "bob", gpus: 1, memory, time: 60 }]
    const text = JSON.stringify({ now: 0, hosts, reservations, jobs })
    const read = readScene(text)
    assert.ok(read.scene !== null)
    const { scene, nowMs } = read
    const entry = planQueue(scene, nowMs, { estimates: true }).entries[0]!
    const reason = entry.reason === null ? null : reasonText(entry.reason, nowMs)
    return { reason, rests: expectedStart(scene, nowMs, entry).rests }
  }
  const SHORT = "; and without that there would be too little room now"

  it("is told of both, and of one where the other is not", () => {
    const both = told("90 GB", [bk])
    assert.equal(both.reason, `mac2: kept for bk for 10m 00s, in 15m 00s; the job may still run then${SHORT}`)
    const alone = told("90 GB", [])
    assert.equal(alone.reason, "too little room now on the hosts it could use")
    for (const { rests } of [both, alone])
      assert.match(rests, /: what programs of Macs' owners hold of the memory is in the way$/)
    assert.doesNotMatch(told("80 GB", [bk]).reason ?? "", /too little room/)
  })
})
