import assert from "node:assert/strict"
import { describe, it } from "node:test"
import fc from "fast-check"
import { ageFactor, amountFactor, type JobSize, type PoolSize, rankFactor, sizeFactor } from "./factors.ts"
import {
  keepHigher,
  MAX_NICE,
  MAX_PRIORITY,
  NO_WEIGHTS,
  type PriorityFactors,
  type PriorityWeights,
  priorityOf,
} from "./priority.ts"

const NOTHING: PriorityFactors = {
  age: 0,
  association: 0,
  fairShare: 0,
  size: 0,
  partition: 0,
  qos: 0,
  resources: {},
  site: 0,
  nice: 0,
}
const DAY_MS = 86_400_000

function pointsOf(factors: Partial<PriorityFactors>, weights: Partial<PriorityWeights>): Record<string, number> {
  const { rows } = priorityOf({ ...NOTHING, ...factors }, { ...NO_WEIGHTS, ...weights })
  return Object.fromEntries(rows.map(({ factor, points }) => [factor, Math.trunc(points)]))
}

describe("the vectors of Slurm's multifactor priority", () => {
  it("PRI-1: a partition's factor is its part of the highest, or raw", () => {
    const weights = { ...NO_WEIGHTS, partition: 5000 }
    const of = (rank: number, raw: boolean) =>
      priorityOf({ ...NOTHING, partition: rankFactor(rank, 20, raw) }, weights).priority
    assert.deepEqual([of(20, false), of(10, false), of(20, true), of(10, true)], [5000, 2500, 100_000, 50_000])
  })

  it("PRI-2: no job is above the sum of the weights", () => {
    const factor = fc.double({ min: 0, max: 1, noNaN: true })
    const weights = { ...NO_WEIGHTS, fairShare: 5000, size: 1000, age: 1000 }
    fc.assert(
      fc.property(factor, factor, factor, (fairShare, size, age) => {
        assert.ok(priorityOf({ ...NOTHING, fairShare, size, age }, weights).priority <= 7000)
      }),
    )
    assert.equal(priorityOf({ ...NOTHING, fairShare: 1, size: 1, age: 1 }, weights).priority, 7000)
  })

  it("PRI-3: age grows to its weight within the longest that counts", () => {
    const rows: [waitedS: number, points: number][] = [
      [0, 0],
      [3600, 5],
      [86_400, 142],
      [302_400, 500],
      [604_800, 1000],
      [604_801, 1000],
    ]
    for (const [waitedS, points] of rows) {
      const age = ageFactor(5_000, 5_000 + waitedS * 1000, 7 * DAY_MS)
      assert.equal(pointsOf({ age }, { age: 1000 }).age, points, `${waitedS} s`)
    }
    const { rows: exact } = priorityOf(
      { ...NOTHING, age: ageFactor(0, 3_600_000, 7 * DAY_MS) },
      { ...NO_WEIGHTS, age: 1000 },
    )
    assert.equal(exact.find(({ factor }) => factor === "age")?.points.toFixed(3), "5.952")
  })

  it("PRI-4: the highest of all has its full weights, the half of it the half", () => {
    const weights = {
      association: 4_000_000,
      qos: 4_000_000,
      partition: 60_000,
      size: 1,
      resources: { cpu: 4_000_000 },
    }
    const job = (rank: number, cores: number, highest: number) => ({
      association: rankFactor(rank, highest),
      qos: rankFactor(rank, highest),
      partition: rankFactor(rank, highest),
      resources: { cpu: amountFactor(cores, 8) },
    })
    const shown = (rank: number, cores: number, highest: number) => {
      const points = pointsOf(job(rank, cores, highest), weights)
      return [points.association, points.partition, points.qos, points["resource:cpu"]]
    }
    assert.deepEqual(shown(1000, 8, 1000), [4_000_000, 60_000, 4_000_000, 4_000_000])
    assert.deepEqual(shown(500, 4, 1000), [2_000_000, 30_000, 2_000_000, 2_000_000])
    assert.deepEqual(shown(500, 8, 500), [4_000_000, 60_000, 4_000_000, 4_000_000])
    assert.deepEqual(priorityOf({ ...NOTHING, ...job(1000, 8, 1000) }, { ...NO_WEIGHTS, ...weights }, 999), {
      priority: 999,
      rows: [],
    })
  })

  it("PRI-5: without weights all are equal, and a held job has 0", () => {
    assert.equal(priorityOf({ ...NOTHING, age: 1, fairShare: 1 }, NO_WEIGHTS).priority, 1)
    assert.equal(priorityOf({ ...NOTHING, site: 5 }, NO_WEIGHTS, "held").priority, 0)
  })
})

describe("sizeFactor()", () => {
  const pool: PoolSize = { hosts: 4, cores: 40 }
  const job: JobSize = { hosts: 1, cores: 20, timeLimitMinutes: 10 }
  const rows: [JobSize, "large" | "small", boolean, number][] = [
    [job, "large", false, (1 / 4 + 20 / 40) / 2],
    [{ ...job, cores: null }, "large", false, 1 / 4],
    [job, "small", false, (3 / 4 + 20 / 40) / 2],
    [{ ...job, cores: null }, "small", false, 3 / 4],
    // The larger of its cores and of what its hosts have on average, for each minute asked for.
    [job, "large", true, 20 / 10 / 40],
    [{ ...job, hosts: 3 }, "large", true, 30 / 10 / 40],
    [job, "small", true, 1 - 20 / 10 / 40],
    [{ ...job, hosts: 8, cores: 400 }, "large", false, 1],
    [{ ...job, hosts: 8, cores: 400 }, "small", false, 0],
  ]
  for (const [size, favor, relativeToTime, expected] of rows) {
    it(`${favor}${relativeToTime ? " relative to time" : ""}: ${JSON.stringify(size)}`, () => {
      assert.equal(sizeFactor(size, pool, { favor, relativeToTime }), expected)
    })
  }

  it("is 0 where there is no pool", () => {
    assert.equal(sizeFactor(job, { hosts: 0, cores: 0 }, { favor: "small", relativeToTime: false }), 0)
  })
})

describe("priorityOf()", () => {
  it("takes nice off, adds what the site gives, and stays within 1 and 2^32 - 1", () => {
    const of = (more: Partial<PriorityFactors>) =>
      priorityOf({ ...NOTHING, age: 0.5, ...more }, { ...NO_WEIGHTS, age: 1001 }).priority
    assert.equal(of({}), 500)
    assert.equal(of({ nice: 100 }), 400)
    assert.equal(of({ nice: -100 }), 600)
    assert.equal(of({ site: 7, nice: 0.5 }), 507)
    assert.equal(of({ nice: MAX_NICE }), 1)
    assert.equal(of({ site: MAX_PRIORITY, nice: -MAX_NICE }), MAX_PRIORITY)
  })

  it("is what its rows add up to, whatever they are", () => {
    const factor = fc.double({ min: 0, max: 1, noNaN: true })
    const weight = fc.integer({ min: 0, max: 0xffff_ffff })
    const nice = fc.integer({ min: -MAX_NICE, max: MAX_NICE })
    fc.assert(
      fc.property(
        fc.array(factor, { minLength: 8, maxLength: 8 }),
        fc.array(weight, { minLength: 8, maxLength: 8 }),
        nice,
        (f, w, points) => {
          const [age = 0, association = 0, fairShare = 0, size = 0, partition = 0, qos = 0, cpu = 0, memory = 0] = f
          const [a = 0, b = 0, c = 0, d = 0, e = 0, g = 0, h = 0, i = 0] = w
          const { priority, rows } = priorityOf(
            { age, association, fairShare, size, partition, qos, resources: { cpu, memory }, site: 3, nice: points },
            { age: a, association: b, fairShare: c, size: d, partition: e, qos: g, resources: { memory: i, cpu: h } },
          )
          const sum = rows.reduce((total, each) => total + each.points, 0)
          assert.ok(Math.abs(priority - Math.min(MAX_PRIORITY, Math.max(1, sum))) <= 1)
          assert.ok(Number.isInteger(priority))
          assert.equal(rows.length, 10)
        },
      ),
    )
  })

  it("never falls where it may only rise", () => {
    assert.equal(keepHigher(700, 500), 700)
    assert.equal(keepHigher(500, 700), 700)
    assert.equal(keepHigher(700, 0), 0)
  })
})

describe("ageFactor()", () => {
  it("is nothing before waiting counts, and never above 1", () => {
    assert.equal(ageFactor(null, 9, 10), 0)
    assert.equal(ageFactor(20, 9, 10), 0)
    assert.equal(ageFactor(0, 0, 0), 1)
    fc.assert(
      fc.property(fc.nat(), fc.nat(), fc.nat(), (since, now, max) => {
        const factor = ageFactor(since, now, max)
        assert.ok(factor >= 0 && factor <= 1)
      }),
    )
  })
})
