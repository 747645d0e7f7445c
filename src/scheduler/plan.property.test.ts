import assert from "node:assert/strict"
import { describe, it } from "node:test"
import fc from "fast-check"
import { isPossible, type Scene, scenes } from "../../test/support/scheduler-scenes.ts"
import type { BlobHash, JobId } from "../protocol/ids.ts"
import { needOn } from "../protocol/resources.ts"
import { missingBytes } from "./move.ts"
import { crashesOn, lastingObstacles } from "./obstacle.ts"
import { plan, type Start } from "./plan.ts"
import type { Lease } from "./snapshot.ts"
import { waitReasons } from "./wait-reasons.ts"

const NOW_MS = 1_000

describe("plan() for any pool and queue", () => {
  it("starts each job at most once, only where it may run, and never leases more than there is", () => {
    fc.assert(
      fc.property(scenes({ maxJobs: 12 }), (scene) => {
        const { starts } = plan(scene, NOW_MS)
        assert.equal(new Set(starts.map((start) => start.job)).size, starts.length)
        const after = leasesAfter(scene, starts)
        for (const start of starts) {
          const job = scene.waiting.find((waiting) => waiting.id === start.job)!
          const host = scene.hosts.find((one) => one.id === start.host)!
          assert.equal(host.link, "ready")
          assert.equal(host.draining, false)
          assert.equal(host.withheld, null)
          assert.deepEqual(lastingObstacles(job, host), [])
          assert.ok((job.notBeforeMs ?? 0) <= NOW_MS)
        }
        for (const host of scene.hosts) assert.ok(isPossible(after, host))
      }),
    )
  })

  it("gives the same plan whatever the order of hosts and leases, and changes nothing it was given", () => {
    fc.assert(
      fc.property(scenes({ maxJobs: 12 }), (scene) => {
        const before = structuredClone(scene)
        const first = plan(scene, NOW_MS)
        const turned = { ...scene, hosts: scene.hosts.toReversed(), leases: scene.leases.toReversed() }
        assert.deepEqual(plan(turned, NOW_MS), first)
        assert.deepEqual(scene, before)
      }),
    )
  })

  it("starts exactly the jobs for which explain() finds a host with room, there", () => {
    fc.assert(
      fc.property(scenes({ maxJobs: 12 }), (scene) => {
        const expected = [...waitReasons(scene, NOW_MS)].flatMap(({ job, place, hosts }) => {
          const room = hosts.find(({ obstacles }) => obstacles.length === 0)
          return room === undefined || place === null ? [] : [{ job: job.id, host: room.host.id }]
        })
        const starts = plan(scene, NOW_MS).starts.map(({ job, host }) => ({ job, host }))
        assert.deepEqual(starts, expected)
      }),
    )
  })

  it("starts a job where no such job crashed, and there where least of its data would have to come, of all that could take it now", () => {
    fc.assert(
      fc.property(scenes({ maxJobs: 12 }), (scene) => {
        const starts = new Map(plan(scene, NOW_MS).starts.map(({ job, host }) => [job, host]))
        for (const { job, hosts } of waitReasons(scene, NOW_MS)) {
          const at = scene.hosts.find(({ id }) => id === starts.get(job.id))
          if (at === undefined) continue
          const free = hosts.filter(({ obstacles }) => obstacles.length === 0)
          const calmest = Math.min(...free.map(({ host }) => crashesOn(job, host)))
          assert.equal(crashesOn(job, at), calmest)
          const open = free.filter(({ host }) => crashesOn(job, host) === calmest)
          const least = Math.min(...open.map(({ host }) => missingBytes(job.data, host)))
          assert.equal(missingBytes(job.data, at), least)
        }
      }),
    )
  })

  it("never lets a job wait for a host that has its data", () => {
    fc.assert(
      fc.property(scenes({ maxJobs: 1 }), (scene) => {
        const hosts = scene.hosts.map((host) => ({ ...host, data: new Set<BlobHash>() }))
        const started = (given: Scene) => plan(given, NOW_MS).starts.map(({ job }) => job)
        assert.deepEqual(started(scene), started({ ...scene, hosts }))
      }),
    )
  })

  it("never lets a later job change where and when an earlier one starts, however long each runs", () => {
    const durations = fc.infiniteStream(fc.integer({ min: 1, max: 9 }))
    fc.assert(
      fc.property(scenes({ maxJobs: 12, dueOnly: true }), durations, fc.nat(12), (scene, stream, cut) => {
        const lasts = new Map<JobId, number>()
        for (const { job } of scene.leases) lasts.set(job, stream.next().value as number)
        for (const { id } of scene.waiting) lasts.set(id, stream.next().value as number)
        const whole = simulate(scene, lasts)
        const earlier = scene.waiting.slice(0, cut)
        const without = simulate({ ...scene, waiting: earlier }, lasts)
        for (const { id } of earlier) assert.deepEqual(whole.get(id), without.get(id), `job ${id}`)
      }),
      { numRuns: 2_000 },
    )
  })

  it("starts every job in the end that some ready host could ever run", () => {
    fc.assert(
      fc.property(scenes({ maxJobs: 12, dueOnly: true }), (scene) => {
        const started = simulate(scene, new Map())
        for (const job of scene.waiting) {
          const possible = scene.hosts.some(
            (host) =>
              host.link === "ready" &&
              !host.draining &&
              host.withheld === null &&
              needOn(job.resources, host.total).memoryBytes <= (host.memoryNowBytes ?? host.total.memoryBytes) &&
              host.ownerObstacles.length === 0 &&
              (job.kept ?? []).every((kept) => kept.host !== host.id) &&
              lastingObstacles(job, host).length === 0,
          )
          assert.equal(started.has(job.id), possible, `job ${job.id}`)
        }
      }),
    )
  })
})

function leasesAfter(scene: Scene, starts: readonly Start[]): Lease[] {
  const started = starts.map((start): Lease => {
    const { user, hasSecrets } = scene.waiting.find(({ id }) => id === start.job)!
    return { ...start, user, hasSecrets, expectedEndMs: null }
  })
  return [...scene.leases, ...started]
}

/** Runs the queue to its end, each job as long as `lasts` says (else 1). Returns when and where each one started. */
function simulate(scene: Scene, lasts: ReadonlyMap<JobId, number>): Map<JobId, { at: number; host: string }> {
  const started = new Map<JobId, { at: number; host: string }>()
  let leases = scene.leases.map((lease) => ({ ...lease, endAt: lasts.get(lease.job) ?? 1 }))
  let waiting = [...scene.waiting]
  for (let at = 0; ; ) {
    for (const start of plan({ ...scene, waiting, leases }, NOW_MS).starts) {
      const job = waiting.find(({ id }) => id === start.job)!
      started.set(job.id, { at, host: start.host })
      const endAt = at + (lasts.get(job.id) ?? 1)
      leases.push({ ...start, user: job.user, hasSecrets: job.hasSecrets, expectedEndMs: null, endAt })
    }
    waiting = waiting.filter(({ id }) => !started.has(id))
    if (leases.length === 0) return started
    at = Math.min(...leases.map(({ endAt }) => endAt))
    leases = leases.filter(({ endAt }) => endAt > at)
  }
}
