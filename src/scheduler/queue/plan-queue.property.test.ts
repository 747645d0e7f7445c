import assert from "node:assert/strict"
import { describe, it } from "node:test"
import fc from "fast-check"
import { askedScenes } from "../../../test/support/asked-scenes.ts"
import { couldBeInTheWay } from "../../../test/support/could-be-in-the-way.ts"
import { foundAtTurn, limitIn } from "../../../test/support/found-at-turn.ts"
import { goneIn } from "../../../test/support/gone-in.ts"
import { preemptionScenes } from "../../../test/support/preemption-scenes.ts"
import { anyQueueScenes, QUEUE_NOW_MS as NOW_MS } from "../../../test/support/queue-scenes.ts"
import { assertReason } from "../../../test/support/reason-holds.ts"
import { needOn } from "../../protocol/resources.ts"
import { Grid } from "../calendar/grid.ts"
import { largeEnough } from "../obstacle.ts"
import { taskIndices } from "../request/array-tasks.ts"
import { endOf, totalOf } from "./attempt-room.ts"
import { nextStart, planStarts } from "./next-start.ts"
import { turnOf } from "./occupancy.ts"
import { orderQueue } from "./order-queue.ts"
import { planQueue } from "./plan-queue.ts"
import { PlanReport } from "./plan-report.ts"
import type { QueueEntry } from "./queue-plan.ts"
import type { QueueHost, QueueScene } from "./queue-scene.ts"
import { reasonText } from "./reason-text.ts"

const anyScenes = () => fc.oneof(anyQueueScenes(), preemptionScenes(), askedScenes())

interface Span {
  readonly job: number
  readonly first: number
  readonly end: number
  readonly memoryBytes: number
  readonly gpus: number
  readonly cores: number
  readonly alone: boolean
}

/** Who is on a host at which steps of the grid; plainer than anything the planner does. */
class Steps {
  readonly #scene: QueueScene
  readonly #grid: Grid

  constructor(scene: QueueScene) {
    this.#scene = scene
    this.#grid = new Grid(NOW_MS, scene.policy.backfill.windowMs, scene.policy.backfill.gridMs)
  }

  running(host: QueueHost, gone: ReadonlyMap<number, { readonly mode: string }>): Span[] {
    return this.#scene.running
      .filter(({ hosts }) => hosts.includes(host.id))
      .flatMap((one) => {
        const span = this.#span(NOW_MS, endOf(one, NOW_MS))
        const left = gone.get(one.job)
        if (left === undefined) return [{ job: one.job, ...one.resources, alone: one.alone || one.hasSecrets, ...span }]
        if (left.mode !== "suspend") return []
        return [{ job: one.job, memoryBytes: one.resources.memoryBytes, gpus: 0, cores: 0, alone: false, ...span }]
      })
  }

  planned(host: QueueHost, entries: readonly QueueEntry[]): Span[] {
    return entries
      .filter(({ state, hosts }) => state !== "waits" && hosts.includes(host.id))
      .map(({ job, startMs, endMs }) => {
        const { resources, alone } = this.#scene.waiting.find(({ id }) => id === job)!
        const span = this.#span(startMs!, endMs ?? Number.POSITIVE_INFINITY)
        return { job, ...needOn(resources, host.total), alone, ...span }
      })
  }

  /** Whether at every step all that are there fit beside each other. */
  isPossible(host: QueueHost, spans: readonly Span[]): boolean {
    const total = totalOf(host)
    return spans.every(({ first }) => {
      const here = spans.filter((one) => one.first <= first && first < one.end)
      const sum = (of: "memoryBytes" | "gpus" | "cores") => here.reduce((all, one) => all + one[of], 0)
      const alone = here.filter((one) => one.alone).length
      return (
        (alone === 0 || (alone === 1 && here.every((one) => one.alone || one.cores === 0))) &&
        sum("memoryBytes") <= total.memoryBytes &&
        sum("gpus") <= total.gpus &&
        sum("cores") <= total.cores
      )
    })
  }

  #span(fromMs: number, toMs: number): { readonly first: number; readonly end: number } {
    const first = this.#grid.stepOf(fromMs)
    return { first, end: Math.min(this.#grid.steps, Math.max(first + 1, this.#grid.stepAfter(toMs))) }
  }

  /** A job's own time now, with the step of its very end. */
  now(limitMs: number): { readonly first: number; readonly end: number } {
    return { first: 0, end: Math.min(this.#grid.steps, this.#grid.stepOf(NOW_MS + limitMs) + 1) }
  }
}

describe("planQueue() of any pool and queue", () => {
  it("oversubscribes no host, now or later, and gives gangs all of their hosts or none", () => {
    fc.assert(
      fc.property(anyScenes(), (scene) => {
        const { entries } = planQueue(scene, NOW_MS)
        const gone = goneIn(scene, entries)
        const steps = new Steps(scene)
        for (const host of scene.hosts) {
          const before = steps.running(host, new Map())
          const isFine = steps.isPossible(host, before)
          const spans = [...steps.running(host, gone), ...steps.planned(host, entries)]
          // Memory that others use may have made it too much already.
          if (isFine) assert.ok(steps.isPossible(host, spans), `${host.name}: ${JSON.stringify(spans)}`)
        }
        for (const { job, state, hosts } of entries) {
          const { hosts: count } = scene.waiting.find(({ id }) => id === job)!
          assert.equal(new Set(hosts).size, state === "waits" ? 0 : count)
        }
      }),
      { numRuns: 500 },
    )
  })

  it("gives each job the same times whoever stands behind it: no start delays a reservation", () => {
    fc.assert(
      // For whom room was made goes first wherever it stands.
      fc.property(fc.oneof(anyQueueScenes(), preemptionScenes()), fc.nat(8), (scene, cut) => {
        const plain = { ...scene, policy: { ...scene.policy, owners: { ...scene.policy.owners, first: false } } }
        const { lines } = orderQueue(plain, NOW_MS)
        const behind = new Set(lines.slice(cut).map(({ spec }) => spec.id))
        // A job with a line before and one behind stands on both sides.
        if (lines.slice(0, cut).some(({ spec }) => behind.has(spec.id))) return
        const kept = new Set(lines.slice(0, cut).map(({ spec }) => spec.id))
        const first = planQueue(plain, NOW_MS).entries.filter(({ job }) => kept.has(job))
        const alone = planQueue({ ...plain, waiting: plain.waiting.filter(({ id }) => kept.has(id)) }, NOW_MS)
        assert.deepEqual(alone.entries, first)
      }),
      { numRuns: 500 },
    )
  })

  it("is the same for the same input, in whatever order it comes, and changes nothing of it", () => {
    fc.assert(
      fc.property(anyScenes(), (scene) => {
        const before = structuredClone(scene)
        const plan = planQueue(scene, NOW_MS)
        const { waiting, running, bookings } = scene
        const turned = {
          ...scene,
          waiting: waiting.toReversed(),
          running: running.toReversed(),
          bookings: bookings.toReversed(),
        }
        const other = planQueue(turned, NOW_MS)
        assert.deepEqual(other, plan)
        const told = (of: QueueScene) => {
          const report = new PlanReport(of, plan)
          return plan.entries.flatMap((entry) => report.hostsOf(entry))
        }
        assert.deepEqual(told(turned), told(scene))
        assert.deepEqual(scene, before)
      }),
    )
  })

  it("names a reason for each job that does not start, and of each host what is in its way, which is true by itself", () => {
    fc.assert(
      fc.property(anyScenes(), (scene) => {
        const plan = planQueue(scene, NOW_MS)
        const report = new PlanReport(scene, plan)
        const steps = new Steps(scene)
        assert.deepEqual(new Set(plan.entries.map(({ job }) => job)), new Set(scene.waiting.map(({ id }) => id)))
        for (const entry of plan.entries) {
          if (entry.state === "start") continue
          assert.ok(entry.reason !== null && reasonText(entry.reason, NOW_MS).length > 3)
          const job = report.jobOf(entry)
          const answers = report.hostsOf(entry)
          const isForRoom = ["resources", "priority", "never_fits"].includes(entry.reason.code)
          for (const partition of job.partitions) {
            const free = answers.filter(
              ({ host, obstacles }) => obstacles.length === 0 && host.partitions.includes(partition),
            )
            if (isForRoom) assert.ok(free.length < job.hosts, `job ${job.id} has ${free.length} hosts free`)
          }
          if (job.partitions.length === 1) assertReason(entry, job, answers)
          for (const { host, partition, obstacles } of answers) {
            const codes = obstacles.map(({ code }) => code as string)
            const isForMore = codes.some((code) => !ROOM_CODES.includes(code))
            if (codes.some((code) => !ROOM_CODES.includes(code) && !OTHER_CODES.test(code)) || codes.length === 0)
              continue
            // Without all that is named the host is feasible, ...
            const named = new Set(
              obstacles.flatMap((one) =>
                "leases" in one ? one.leases.map((lease) => lease.job) : "jobs" in one ? one.jobs : [],
              ),
            )
            const limitMs = limitIn(scene, job, partition)
            const ahead = foundAtTurn(scene, plan, entry, partition)
            const there = [...steps.running(host, new Map()), ...steps.planned(host, ahead)]
            const need = needOn(job.resources, host.total)
            const mine = { job: 0, ...need, alone: job.alone, ...steps.now(limitMs) }
            const left = there.filter((one) => !named.has(one.job as never))
            const { memoryNowBytes: _, ...unused } = host
            const without = codes.includes("memory_short") ? unused : host
            assert.ok(
              steps.isPossible(largeEnough(without, need), [...left, mine]),
              `job ${job.id} on ${host.name}: ${codes}`,
            )
            if (isForMore) continue
            // ... and with it, it is not; or it could come to be in the way of who holds a place there.
            const holders = ahead.filter(({ holds }) => holds.includes(host.id)).map((one) => report.jobOf(one))
            if (holders.some(({ id }) => named.has(id))) {
              assert.ok(couldBeInTheWay(host, mine, there, holders, plan.entries), `job ${job.id} on ${host.name}`)
            } else
              assert.ok(!steps.isPossible(host, [...there, mine]), `job ${job.id} on ${host.name} is free: ${codes}`)
          }
        }
      }),
      { numRuns: 500 },
    )
  })

  it("decides the next start as the whole plan does", () => {
    fc.assert(
      fc.property(anyScenes(), (scene) => {
        const freed = new Set(scene.hosts.map(({ id }) => id))
        const next = nextStart(scene, orderQueue(scene, NOW_MS), NOW_MS, freed)
        const starts = planQueue(scene, NOW_MS).entries.filter(({ state }) => state === "start")
        // Of those for whom room was made it is the first by when that was to be had.
        const isNext = (entry: QueueEntry) => entry.madeFirst && entry.job === next?.job && entry.task === next.task
        const first = starts.find(isNext) ?? starts.sort((a, b) => turnOf(a) - turnOf(b))[0]
        const brief = (entry: QueueEntry | null | undefined) =>
          entry && [entry.job, entry.task, entry.hosts, entry.preempts]
        assert.deepEqual(brief(next), brief(first ?? null))
      }),
      { numRuns: 500 },
    )
  })

  it("decides all starts and preemptions as the whole plan does", () => {
    fc.assert(
      fc.property(anyScenes(), (scene) => {
        const starts = planStarts(scene, orderQueue(scene, NOW_MS), NOW_MS)
        const { entries } = planQueue(scene, NOW_MS)
        const brief = (all: readonly QueueEntry[]) =>
          all
            .filter(({ state, preempts }) => state === "start" || preempts.length > 0)
            .map(({ place: _place, decision: _decision, ...entry }) => entry)
            .sort((a, b) => a.job - b.job || (a.task ?? 0) - (b.task ?? 0))
        assert.deepEqual(brief(starts), brief(entries))
        assert.equal(brief(starts).length, starts.length)
      }),
      { numRuns: 500 },
    )
  })

  it("gives each task of an array one time at most, and in all its partitions together no more than run at once", () => {
    fc.assert(
      fc.property(anyScenes(), (scene) => {
        const { entries } = planQueue(scene, NOW_MS)
        for (const { id, array } of scene.waiting) {
          const tasks = entries.flatMap(({ job, state, task }) => (job === id && state !== "waits" ? [task] : []))
          const rest = entries.filter(({ job, state }) => job === id && state === "waits").length
          const { count, atOnce } = array?.tasks ?? { count: 1, atOnce: null }
          // The first ones, in order, and one answer for all others.
          const first = array === null ? [null] : [...taskIndices(array.tasks)]
          assert.deepEqual(tasks, first.slice(0, tasks.length))
          assert.ok(array === null || tasks.length + array.running <= (atOnce ?? Number.POSITIVE_INFINITY))
          assert.equal(rest, tasks.length < count ? 1 : 0)
        }
      }),
      { numRuns: 500 },
    )
  })

  it("counts its own starts against limits", () => {
    fc.assert(
      fc.property(anyScenes(), (scene) => {
        const most = scene.policy.limits.user?.runningJobs
        if (most === undefined) return
        const plan = planQueue(scene, NOW_MS)
        for (const user of ["ann", "bob", "cyd"]) {
          const runs = scene.running.filter((one) => one.user === user).length
          const starts = plan.entries.filter(
            ({ job, state }) => state === "start" && scene.waiting.find(({ id }) => id === job)?.user === user,
          ).length
          assert.ok(starts === 0 || runs + starts <= most)
        }
      }),
    )
  })
})

const ROOM_CODES = [
  "memory_leased",
  "gpu_leased",
  "cores_leased",
  "held_for_earlier",
  "alone",
] /** What keeps it off whoever else is there. */
const OTHER_CODES =
  /^(host_\w+|pinned_elsewhere|other_partition|not_for_user|not_booked|data_elsewhere|owner_here|memory_short|\w+_too_(small|few))$/
