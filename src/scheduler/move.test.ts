import assert from "node:assert/strict"
import { describe, it } from "node:test"
import fc from "fast-check"
import { scenes } from "../../test/support/scheduler-scenes.ts"
import type { BlobHash, HostId, JobId } from "../protocol/ids.ts"
import { fits, needOn } from "../protocol/resources.ts"
import { explain } from "./explain.ts"
import { hostsToWake } from "./hosts-to-wake.ts"
import { moveStep } from "./move.ts"
import { lastingObstacles } from "./obstacle.ts"
import { plan } from "./plan.ts"
import type { SchedulableHost, SchedulableNetwork, WaitingJob } from "./snapshot.ts"

const GB = 1024 ** 3
const NOW_MS = 1_000_000
const ROOT = "a".repeat(64) as BlobHash

function host(
  name: string,
  memoryGB: number,
  network: Partial<SchedulableNetwork>,
  rest: Partial<SchedulableHost> = {},
) {
  return {
    id: `h-${name}` as HostId,
    name,
    link: "ready",
    reason: null,
    draining: false,
    withheld: null,
    ownerObstacles: [],
    users: null,
    total: { memoryBytes: memoryGB * GB, gpus: 1, cores: 8 },
    partitions: ["apple_gpu"],
    data: new Set<BlobHash>(),
    places: new Set<string>(),
    network: { mbps: null, trees: new Set<BlobHash>(), wakes: false, wokenAtMs: null, ...network },
    ...rest,
  } satisfies SchedulableHost
}

function job(id: number, workspaceBytes: number, rest: Partial<WaitingJob> = {}): WaitingJob {
  return {
    id: id as JobId,
    user: "ada",
    resources: { memoryBytes: GB, gpus: null, cores: 1 },
    partition: "apple_gpu",
    hostWanted: null,
    hasSecrets: false,
    data: [],
    workspace: workspaceBytes === 0 ? null : { root: ROOT, bytes: workspaceBytes },
    notBeforeMs: null,
    ...rest,
  }
}

const placed = (hosts: readonly SchedulableHost[], waiting: WaitingJob) =>
  plan({ hosts, waiting: [waiting], leases: [] }, NOW_MS).starts[0]?.host

describe("where a job with much to move goes", () => {
  const wifi = host("a-small", 16, { mbps: 230 })
  const wired = host("large", 64, { mbps: 940 })

  it("goes to the wired host, where the smaller one has Wi-Fi; a job with little goes to the smallest", () => {
    assert.equal(placed([wifi, wired], job(1, 400_000_000)), wired.id)
    assert.equal(placed([wifi, wired], job(1, 0)), wifi.id)
    assert.equal(placed([wifi, wired], job(1, 100_000_000)), wifi.id)
  })

  it("goes where its folder lies already", () => {
    const hasIt = host("a-small", 16, { mbps: 230, trees: new Set([ROOT]) })
    assert.equal(placed([hasIt, wired], job(1, 4_000_000_000)), hasIt.id)
  })

  it("makes nothing of small differences in speed", () => {
    const slightlyFaster = host("large", 64, { mbps: 245 })
    assert.equal(placed([wifi, slightlyFaster], job(1, 400_000_000)), wifi.id)
  })

  it("never waits for the faster way", () => {
    const busy = { ...wired, draining: true }
    assert.equal(placed([wifi, busy], job(1, 4_000_000_000)), wifi.id)
  })

  it("is by steps that only grow with the bytes and fall with the speed", () => {
    const bytes = fc.integer({ min: 0, max: 1e12 })
    const mbps = fc.option(fc.integer({ min: 1, max: 100_000 }))
    fc.assert(
      fc.property(bytes, bytes, mbps, (a, b, speed) => {
        const at = host("x", 8, { mbps: speed })
        const [less, more] = [Math.min(a, b), Math.max(a, b)]
        assert.ok(moveStep(job(1, less), at) <= moveStep(job(1, more), at))
        assert.ok(moveStep(job(1, more), host("x", 8, { mbps: (speed ?? 1_000) * 2 })) <= moveStep(job(1, more), at))
        assert.ok(moveStep(job(1, more), at) >= 0)
      }),
    )
  })
})

describe("sleeping hosts that jobs wait for", () => {
  const sleeper = (name: string, memoryGB: number, wakes = true) => host(name, memoryGB, { wakes }, { link: "asleep" })
  const woken = (hosts: readonly SchedulableHost[], waiting: readonly WaitingJob[]) =>
    hostsToWake({ hosts, waiting, leases: [] }, NOW_MS).map((one) => one.host)

  it("are woken by as many as there is work for, the smallest that fits first", () => {
    const hosts = [sleeper("b", 32), sleeper("a", 16), sleeper("c", 64)]
    assert.deepEqual(woken(hosts, [job(1, 0)]), ["h-a"])
    const gpu = { resources: { memoryBytes: GB, gpus: 1, cores: 1 } }
    assert.deepEqual(woken(hosts, [job(1, 0, gpu), job(2, 0, gpu)]), ["h-a", "h-b"])
    assert.deepEqual(woken(hosts, [job(1, 0, { resources: { memoryBytes: 40 * GB, gpus: 1, cores: 1 } })]), ["h-c"])
  })

  it("are as many as a job on several hosts needs beside those that are awake, or none", () => {
    const gpu = { resources: { memoryBytes: GB, gpus: 1, cores: 1 } }
    const pair = (id: number) => job(id, 0, { ...gpu, hosts: 2 })
    const sleepers = [sleeper("a", 16), sleeper("b", 32), sleeper("c", 64)]
    assert.deepEqual(woken(sleepers, [pair(1)]), ["h-a", "h-b"])
    const [awake] = [host("d", 16, { wakes: true })]
    assert.deepEqual(woken([awake, ...sleepers], [pair(1)]), ["h-a"])
    // The one that is awake is counted for the first alone.
    assert.deepEqual(woken([awake, ...sleepers], [pair(1), pair(2)]), ["h-a", "h-b", "h-c"])
    assert.deepEqual(woken([sleepers[0]!], [pair(1)]), [])
    assert.deepEqual(woken([{ ...awake, draining: true }, sleepers[0]!], [pair(1), job(2, 0, gpu)]), ["h-a"])
  })

  it("are left alone where nobody wants that, or no job is due", () => {
    assert.deepEqual(woken([sleeper("a", 16, false)], [job(1, 0)]), [])
    assert.deepEqual(woken([sleeper("a", 16)], [job(1, 0, { notBeforeMs: NOW_MS + 1 })]), [])
    assert.deepEqual(woken([{ ...sleeper("a", 16), draining: true }], [job(1, 0)]), [])
    assert.deepEqual(woken([host("a", 16, { wakes: true })], [job(1, 0)]), [])
    const minding = (code: string) => ({ ...sleeper("a", 16), ownerObstacles: [{ code, text: "", until: null }] })
    assert.deepEqual(
      ["paused", "outside_hours", "owner_here"].map((code) => woken([minding(code)], [job(1, 0)])),
      [[], [], ["h-a"]],
    )
  })

  it("in any pool: each can take the job it is woken for, and is woken once", () => {
    fc.assert(
      fc.property(scenes({ maxJobs: 12 }), (scene) => {
        const found = hostsToWake(scene, 1_000)
        assert.equal(new Set(found.map((one) => one.host)).size, found.length)
        for (const one of found) {
          const at = scene.hosts.find(({ id }) => id === one.host)!
          const waiting = scene.waiting.find(({ id }) => id === one.job)!
          assert.equal(at.link, "asleep")
          assert.equal(at.network?.wakes, true)
          assert.deepEqual(lastingObstacles(waiting, at), [])
          assert.ok(fits(needOn(waiting.resources, at.total), at.total))
        }
      }),
    )
  })

  it("say in a job's reasons when they were woken", () => {
    const hosts = [host("mac-2", 16, { wakes: true, wokenAtMs: NOW_MS - 20_000 }, { link: "asleep" })]
    const why = explain({ hosts, waiting: [job(1, 0)], leases: [] }, NOW_MS, 1 as JobId)
    assert.equal(why?.summary, "mac-2: asleep: woken 20 s ago")
  })
})
