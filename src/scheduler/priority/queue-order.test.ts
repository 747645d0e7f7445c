import assert from "node:assert/strict"
import { describe, it } from "node:test"
import fc from "fast-check"
import type { HostId } from "../../protocol/ids.ts"
import { compareQueued, type Preempts, type Queued, queueOrder } from "./queue-order.ts"
import { inTurn, type TurnJob } from "./turn.ts"

const PLAIN: Queued = {
  job: 1,
  task: null,
  expedited: false,
  reserved: false,
  tier: 1,
  priority: 100,
  submittedMs: 1000,
  preemptClass: "normal",
}

describe("queueOrder()", () => {
  it("goes by preemption, reservation, tier, priority, submission, number and task, in this order", () => {
    // Each is first by its own key and last by all keys after it.
    const last = { priority: 1, submittedMs: 9000, job: 99 }
    const jobs: Queued[] = [
      { ...PLAIN, ...last, expedited: true, tier: 0 },
      { ...PLAIN, ...last, preemptClass: "urgent", tier: 0 },
      { ...PLAIN, ...last, reserved: true, tier: 0 },
      { ...PLAIN, ...last, tier: 5 },
      { ...PLAIN, ...last, priority: 200 },
      { ...PLAIN, ...last, priority: 100, submittedMs: 500 },
      { ...PLAIN, job: 7, task: 9 },
      { ...PLAIN, job: 8, task: 0 },
      { ...PLAIN, job: 8, task: 1 },
      { ...PLAIN, job: 8 },
      { ...PLAIN, job: 9 },
      { ...PLAIN, priority: 0 },
    ]
    const preempts: Preempts = (one, other) => one === "urgent" && other === "normal"
    assert.deepEqual(queueOrder(jobs.toReversed(), preempts), jobs)
  })

  it("puts a job before those it can preempt and leaves others where they are", () => {
    const job = (preemptClass: string, priority: number) => ({ ...PLAIN, preemptClass, priority })
    const [a, b, c, d] = [job("low", 50), job("other", 40), job("high", 10), job("low", 5)]
    assert.deepEqual(
      queueOrder([a, b, c, d], (one, other) => one === "high" && other === "low"),
      [c, a, b, d],
    )
    assert.deepEqual(
      queueOrder([b, c], (one, other) => one === "high" && other === "low"),
      [b, c],
    )
  })

  const queued = fc.record({
    job: fc.nat(3),
    task: fc.option(fc.nat(2)),
    expedited: fc.boolean(),
    reserved: fc.boolean(),
    tier: fc.nat(1),
    priority: fc.nat(2),
    submittedMs: fc.nat(2),
    preemptClass: fc.constantFrom("a", "b", "c", "d"),
  })

  it("is the same for thousands of jobs as for a few", () => {
    fc.assert(
      fc.property(fc.array(queued, { minLength: 1, maxLength: 400 }), (some) => {
        const jobs: Queued[] = [...some, ...some, ...some, ...Array.from({ length: 1000 }, () => PLAIN)]
        assert.deepEqual(queueOrder(jobs), [...jobs].sort(compareQueued))
      }),
      { numRuns: 20 },
    )
  })

  const pairs = fc.uniqueArray(fc.tuple(fc.constantFrom("a", "b", "c", "d"), fc.constantFrom("a", "b", "c", "d")), {
    maxLength: 5,
  })

  /** No two have one number. */
  const queue = fc.uniqueArray(queued, { selector: ({ job, task }) => `${job}/${task}`, maxLength: 8 })

  it("is the same for any order of its jobs, also when preemption goes in a circle", () => {
    fc.assert(
      fc.property(queue, pairs, (jobs, who) => {
        const preempts: Preempts = (one, other) => who.some(([a, b]) => a === one && b === other)
        const order = queueOrder(jobs, preempts)
        assert.deepEqual(queueOrder(jobs.toReversed(), preempts), order)
        assert.equal(order.length, jobs.length)
      }),
    )
  })

  it("keeps every pair of preemptor and preempted, where there is no circle, and is plain order where there are none", () => {
    fc.assert(
      fc.property(queue, pairs, (drawn, who) => {
        const jobs = drawn.map((job) => ({ ...job, expedited: false }))
        // Only upwards, so there is no circle.
        const preempts: Preempts = (one, other) => one < other && who.some(([a, b]) => a === one && b === other)
        const order = queueOrder(jobs, preempts)
        for (const [at, job] of order.entries()) {
          for (const later of order.slice(at + 1)) assert.ok(!preempts(later.preemptClass, job.preemptClass))
        }
        assert.deepEqual(queueOrder(jobs), jobs.toSorted(compareQueued))
      }),
    )
  })

  it("is what sorting by pairs gives where preemption is by tier", () => {
    fc.assert(
      fc.property(fc.array(queued, { maxLength: 8 }), (drawn) => {
        const jobs = drawn.map((job) => ({ ...job, preemptClass: `${job.tier}` }))
        const byPairs = (a: Queued, b: Queued) =>
          Number(b.expedited) - Number(a.expedited) || b.tier - a.tier || compareQueued(a, b)
        assert.deepEqual(
          queueOrder(jobs, (one, other) => Number(one) > Number(other)),
          jobs.toSorted(byPairs),
        )
      }),
    )
  })
})

describe("inTurn()", () => {
  interface Job extends TurnJob {
    readonly name: string
    readonly needs: number
  }
  const job = (name: string, needs: number, more: Partial<TurnJob> = {}): Job => ({
    name,
    needs,
    partition: "gpu",
    namedHosts: null,
    reservation: null,
    limited: false,
    holdsTurn: true,
    ...more,
  })
  const HOSTS: Record<string, string[]> = { gpu: ["m1", "m2"], cpu: ["m2", "m3", "m4"], night: ["m5"] }

  /** Starts each job on the first free hosts of its partition. */
  function run(jobs: readonly Job[], limitsHoldTurn = false): string[] {
    const taken = new Set<string>()
    const hostsOf = (partition: string) => HOSTS[partition] as HostId[]
    const outcomes = inTurn(jobs, {
      hostsOf,
      limitsHoldTurn,
      place: ({ needs, partition, namedHosts }, closed) => {
        const free = (namedHosts ?? hostsOf(partition))
          .filter((host) => !closed.has(host) && !taken.has(host))
          .slice(0, needs)
        if (free.length < needs) return null
        for (const host of free) taken.add(host)
        return free
      },
    })
    return jobs.map((each) => {
      const outcome = outcomes.get(each)
      return `${each.name} ${outcome?.state === "start" ? outcome.hosts.join("+") : outcome?.state}`
    })
  }

  it("lets nobody past in a partition, and keeps its hosts from others", () => {
    const jobs = [
      job("a", 1),
      job("b", 2),
      job("c", 1),
      job("d", 2, { partition: "cpu" }),
      job("e", 1, { partition: "night" }),
    ]
    assert.deepEqual(run(jobs), ["a m1", "b resources", "c priority", "d m3+m4", "e m5"])
  })

  it("lets others past who only meet a limit, unless policy says so", () => {
    const jobs = [job("a", 1, { limited: true }), job("b", 1)]
    assert.deepEqual(run(jobs), ["a limit", "b m1"])
    assert.deepEqual(run(jobs, true), ["a limit", "b priority"])
  })

  it("lets others past who are below what holds a turn", () => {
    assert.deepEqual(run([job("a", 3, { holdsTurn: false }), job("b", 1)]), ["a resources", "b m1"])
  })

  it("keeps only the named hosts back for who names hosts", () => {
    const named = { namedHosts: ["m1", "m9"] as HostId[] }
    assert.deepEqual(run([job("a", 1), job("b", 2, named), job("c", 1)]), ["a m1", "b resources", "c m2"])
    assert.deepEqual(run([job("b", 3, named), job("c", 1)]), ["b resources", "c m2"])
  })

  it("keeps a reservation's jobs among themselves", () => {
    const jobs = [job("a", 3, { reservation: "talk" }), job("b", 1, { reservation: "talk" }), job("c", 1)]
    assert.deepEqual(run(jobs), ["a resources", "b priority", "c m1"])
  })

  it("never starts a job after one of its partition that had to wait for room", () => {
    const jobs = fc.array(fc.tuple(fc.constantFrom("gpu", "cpu", "night"), fc.integer({ min: 1, max: 3 })), {
      maxLength: 10,
    })
    fc.assert(
      fc.property(jobs, (drawn) => {
        const all = drawn.map(([partition, needs], at) => job(`${at}`, needs, { partition }))
        const states = run(all).map((text) => text.split(" ")[1])
        for (const [at, each] of all.entries()) {
          const waited = all
            .slice(0, at)
            .some((before, i) => before.partition === each.partition && states[i] === "resources")
          if (waited) assert.equal(states[at], "priority")
        }
      }),
    )
  })
})
