import assert from "node:assert/strict"
import { describe, it } from "node:test"
import fc from "fast-check"
import { type Scene, scenes } from "../../test/support/scheduler-scenes.ts"
import type { HostId, JobId } from "../protocol/ids.ts"
import { explainQueue } from "./explain.ts"
import { couldRunOn, type Obstacle } from "./obstacle.ts"
import { plan } from "./plan.ts"
import type { SchedulableHost, WaitingJob } from "./snapshot.ts"
import { waitReasons } from "./wait-reasons.ts"

const NOW_MS = 1_000

describe("explain() for any pool and queue", () => {
  it("gives every waiting job a reason, and every host that cannot have it one of its own", () => {
    fc.assert(
      fc.property(scenes({ maxJobs: 10 }), (scene) => {
        const answers = [...explainQueue(scene, NOW_MS)]
        assert.deepEqual(
          answers.map(({ job }) => job),
          scene.waiting.map(({ id }) => id),
        )
        for (const answer of answers) {
          assert.match(answer.summary, /^\S.*\S$/)
          assert.equal(answer.hosts.length, scene.hosts.length)
          for (const { code, text } of answer.hosts)
            assert.equal(code === "has_room", /^has room(; it has the data .+)?$/.test(text))
          const starting = answer.hosts.some(({ code }) => code === "has_room") && answer.code !== "not_before"
          assert.equal(answer.code === "starting", starting)
        }
      }),
    )
  })

  it("names all that is in the way: with all of it taken away at once the host has room, and not with any of it left", () => {
    fc.assert(
      fc.property(scenes({ maxJobs: 8 }), fc.nat(7), (drawn, index) => {
        const job = drawn.waiting[index % Math.max(1, drawn.waiting.length)]
        if (job === undefined) return
        for (const host of drawn.hosts) {
          const scene = atTurn(drawn, job, host)
          const obstacles = obstaclesOf(scene, job.id, host.id)
          assert.deepEqual(obstacles, obstaclesOf(drawn, job.id, host.id))
          const without = (some: readonly Obstacle[]): Scene =>
            some.reduce((changed, one) => takeAway(changed, one, job.id, host.id), scene)
          assert.deepEqual(obstaclesOf(without(obstacles), job.id, host.id), [])
          for (const one of obstacles) {
            // Jobs that lease it are in each other's way; without them others have the memory no more, too.
            if ("leases" in one || one.code === "held_for_earlier" || one.code === "memory_short") continue
            const left = obstaclesOf(without(obstacles.filter((other) => other !== one)), job.id, host.id)
            assert.ok(
              left.some(({ code }) => code === one.code),
              `${one.code} is not in the way by itself`,
            )
          }
        }
      }),
      { numRuns: 1000 },
    )
  })
})

/** The scene as the job finds it at its turn: who has started before is there, and who could never run on the host does not come when that changes. */
function atTurn(scene: Scene, job: WaitingJob, host: SchedulableHost): Scene {
  const before = scene.waiting.slice(0, scene.waiting.indexOf(job))
  const begun = plan(scene, NOW_MS).starts.flatMap(({ job: id, host: on, resources }) => {
    const one = before.find((each) => each.id === id)
    if (one === undefined) return []
    return [{ job: id, host: on, resources, user: one.user, hasSecrets: one.hasSecrets, expectedEndMs: null }]
  })
  const never = { host: host.id, code: "not_booked", booking: "none" } as const
  return {
    ...scene,
    leases: [...scene.leases, ...begun],
    waiting: scene.waiting
      .filter((one) => !begun.some((lease) => lease.job === one.id))
      .map((one) => (one === job || couldRunOn(one, host) ? one : { ...one, kept: [...(one.kept ?? []), never] })),
  }
}

function obstaclesOf(scene: Scene, job: JobId, host: HostId): readonly Obstacle[] {
  const reasons = [...waitReasons(scene, NOW_MS, job)][0]!
  return reasons.hosts.find((one) => one.host.id === host)!.obstacles
}

/** The same scene without just this obstacle. */
function takeAway(scene: Scene, obstacle: Obstacle, job: JobId, id: HostId): Scene {
  const change = (what: (host: SchedulableHost) => Partial<SchedulableHost>): Scene => ({
    ...scene,
    hosts: scene.hosts.map((host) => (host.id === id ? { ...host, ...what(host) } : host)),
  })
  const without = (jobs: readonly JobId[]): Scene => ({
    ...scene,
    waiting: scene.waiting.filter((waiting) => !jobs.includes(waiting.id)),
    leases: scene.leases.filter((lease) => !jobs.includes(lease.job)),
  })
  switch (obstacle.code) {
    case "pinned_elsewhere":
      return { ...scene, waiting: scene.waiting.map((one) => (one.id === job ? { ...one, hostWanted: id } : one)) }
    case "other_partition":
      return change(() => ({ partitions: ["apple_gpu", "night"] }))
    case "data_elsewhere":
      return change(({ places }) => ({ places: new Set([...places, ...obstacle.names]) }))
    case "memory_too_small":
      return change(({ total }) => ({ total: { ...total, memoryBytes: obstacle.asked } }))
    case "gpu_memory_too_small":
      return change(() => ({ gpuMemoryBytes: obstacle.asked }))
    case "memory_short":
      return change(({ total }) => ({ memoryNowBytes: total.memoryBytes }))
    case "crashed_there":
      return { ...scene, waiting: scene.waiting.map((one) => (one.id === job ? { ...one, crashes: [] } : one)) }
    case "gpus_too_few":
      return change(({ total }) => ({ total: { ...total, gpus: obstacle.asked } }))
    case "cores_too_few":
      return change(({ total }) => ({ total: { ...total, cores: obstacle.asked } }))
    case "host_connecting":
    case "host_asleep":
    case "host_down":
    case "host_refused":
      return change(() => ({ link: "ready" }))
    case "host_draining":
      return change(() => ({ draining: false }))
    case "host_withheld":
      return change(() => ({ withheld: null }))
    case "not_for_user":
      return change(() => ({ users: null }))
    case "paused":
    case "outside_hours":
    case "owner_here":
    case "presence_unknown":
    case "owner_away_too_short":
    case "on_battery":
    case "power_unknown":
    case "low_power_mode":
    case "foreign_load":
    case "memory_needed":
      return change(({ ownerObstacles }) => ({
        ownerObstacles: ownerObstacles.filter(({ code }) => code !== obstacle.code),
      }))
    case "booked":
    case "not_booked":
    case "booking_to_come":
    case "booking_over":
      return {
        ...scene,
        waiting: scene.waiting.map((one) =>
          one.id === job ? { ...one, kept: (one.kept ?? []).filter(({ host }) => host !== id) } : one,
        ),
      }
    case "gpu_leased":
    case "memory_leased":
    case "cores_leased":
    case "secrets_apart": {
      assert.notEqual(obstacle.leases.length, 0)
      return without(obstacle.leases.map((lease) => lease.job))
    }
    case "held_for_earlier": {
      assert.ok(obstacle.jobs.every((earlier) => earlier < job))
      return without(
        obstacle.more === 0 ? obstacle.jobs : scene.waiting.map(({ id: other }) => other).filter((n) => n < job),
      )
    }
  }
}
