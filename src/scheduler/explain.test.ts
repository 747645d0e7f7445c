import assert from "node:assert/strict"
import { describe, it } from "node:test"
import type { BlobHash, HostId, JobId } from "../protocol/ids.ts"
import { explain } from "./explain.ts"
import { plan } from "./plan.ts"
import type { Lease, SchedulableHost, WaitingJob } from "./snapshot.ts"

const GB = 1024 ** 3
const NOW_MS = 1_000_000

function host(name: string, memoryGB: number, rest: Partial<SchedulableHost> = {}): SchedulableHost {
  const total = { memoryBytes: memoryGB * GB, gpus: 1, cores: 8 }
  const facts = {
    link: "ready",
    reason: null,
    draining: false,
    withheld: null,
    ownerObstacles: [],
    users: null,
    total,
    partitions: ["apple_gpu"],
    data: new Set<BlobHash>(),
    places: new Set<string>(),
  } as const
  return { id: `h-${name}` as HostId, name, ...facts, ...rest }
}

interface Asked extends Partial<WaitingJob> {
  readonly memoryGB?: number
  readonly gpus?: number | null
  readonly cores?: number
}

function job(id: number, { memoryGB = 4, gpus = null, cores = 1, ...rest }: Asked = {}): WaitingJob {
  const resources = { memoryBytes: memoryGB * GB, gpus, cores }
  const facts = {
    user: "ada",
    partition: "apple_gpu",
    hostWanted: null,
    hasSecrets: false,
    data: [],
    notBeforeMs: null,
  }
  return { id: id as JobId, resources, ...facts, ...rest }
}

function lease(id: number, on: string, memoryGB: number, rest: Partial<Lease> & { gpus?: number } = {}): Lease {
  const { gpus = 1, ...others } = rest
  const resources = { memoryBytes: memoryGB * GB, gpus, cores: 1 }
  const facts = { user: "ada", hasSecrets: false, expectedEndMs: null }
  return { job: id as JobId, host: `h-${on}` as HostId, resources, ...facts, ...others }
}

/** "mac1: text" for each host, after the summary. */
function why(hosts: SchedulableHost[], leases: Lease[], waiting: WaitingJob[], id: number): string[] {
  const answer = explain({ hosts, leases, waiting }, NOW_MS, id as JobId)
  assert.ok(answer)
  return [`${answer.code} | ${answer.summary}`, ...answer.hosts.map(({ name, text }) => `${name}: ${text}`)]
}

describe("explain()", () => {
  it("says who leases the GPU, and until when where that is known", () => {
    const leases = [lease(4, "mac1", 8, { expectedEndMs: NOW_MS + 720_000 })]
    assert.deepEqual(why([host("mac1", 64)], leases, [job(5)], 5), [
      "gpu_leased | mac1: its GPU is leased by job 4 (ends within 12m 00s)",
      "mac1: its GPU is leased by job 4 (ends within 12m 00s)",
    ])
  })

  it("tells memory that is leased from memory that is not there", () => {
    const hosts = [host("mini", 16), host("studio", 64)]
    assert.deepEqual(why(hosts, [lease(1, "studio", 40, { gpus: 0 })], [job(2, { memoryGB: 32 })], 2), [
      "memory_leased | studio: too little memory now: 32 GB asked, 24 GB free beside job 1",
      "mini: too little memory: 32 GB asked, it has 16 GB",
      "studio: too little memory now: 32 GB asked, 24 GB free beside job 1",
    ])
  })

  it("counts what the hosts are doing and names the nearest", () => {
    const hosts = [
      host("a", 32, { link: "asleep" }),
      host("b", 32, { link: "down", reason: "Connection refused" }),
      host("c", 32, { draining: true }),
      host("d", 32),
    ]
    assert.deepEqual(why(hosts, [lease(1, "d", 8)], [job(2)], 2), [
      "gpu_leased | Of 4 hosts it could use, 1 is busy, 1 is asleep, 1 is draining, 1 is not reachable",
      "a: asleep",
      "b: not reachable: Connection refused",
      "c: draining: it takes no new jobs",
      "d: its GPU is leased by job 1",
    ])
  })

  it("says of a host that was taken out of the pool that alone", () => {
    const left = host("a", 32, { link: "refused", reason: "its owner has taken it out of the pool", draining: true })
    const text = "a: not accepted: its owner has taken it out of the pool"
    assert.deepEqual(why([left], [], [job(2)], 2), [`host_refused | ${text}`, text])
  })

  it("says why a host is withheld, and gives it no job until it no longer is", () => {
    const withheld = "process 7, which job 1 left there, holds 12 GB"
    assert.deepEqual(why([host("a", 32, { withheld })], [], [job(2)], 2), [
      `host_withheld | a: withheld: ${withheld}`,
      `a: withheld: ${withheld}`,
    ])
    assert.equal(
      why([host("a", 32, { withheld }), host("b", 64)], [lease(1, "b", 8)], [job(2)], 2)[0],
      "gpu_leased | Of 2 hosts it could use, 1 is busy, 1 is withheld",
    )
    const started = (one: SchedulableHost) =>
      plan({ hosts: [one], leases: [], waiting: [job(2)] }, NOW_MS).starts.length
    assert.deepEqual([started(host("a", 32, { withheld })), started(host("a", 32))], [0, 1])
  })

  it("says what its owner, or somebody who sits at it, has against jobs there", () => {
    const here = { code: "owner_here", text: "somebody is at it", until: null }
    const paused = { code: "paused", text: "paused by mia until 18:00", until: NOW_MS + 60_000 }
    const hosts = [host("a", 32, { ownerObstacles: [paused, here] }), host("b", 32, { ownerObstacles: [here] })]
    assert.deepEqual(why(hosts, [], [job(1)], 1), [
      "owner_here | Of 2 hosts it could use, 1 is in use by somebody, 1 is paused",
      "a: paused by mia until 18:00; somebody is at it",
      "b: somebody is at it",
    ])
    const answer = explain({ hosts, leases: [], waiting: [job(1)] }, NOW_MS, 1 as JobId)
    assert.deepEqual(
      answer?.hosts.map(({ until }) => until),
      [NOW_MS + 60_000, null],
    )
    const started = (one: SchedulableHost) =>
      plan({ hosts: [one], leases: [], waiting: [job(2)] }, NOW_MS).starts.length
    assert.deepEqual(hosts.map(started), [0, 0])
  })

  it("takes a code of a later release for what keeps jobs off all the same", () => {
    const odd = { code: "owner_dreams", text: "its owner dreams of it", until: null }
    assert.deepEqual(why([host("a", 32, { ownerObstacles: [odd] })], [], [job(1)], 1), [
      "presence_unknown | a: its owner dreams of it",
      "a: its owner dreams of it",
    ])
  })

  it("keeps those off whom its owner has not named", () => {
    const hosts = [host("a", 32, { users: new Set(["mia", "ben"]) })]
    assert.deepEqual(why(hosts, [], [job(1), job(2, { user: "mia" })], 1), [
      "rules_forbid | No host may run it by the rules as they are now (a: its rules let no jobs of ada run there (who))",
      "a: its rules let no jobs of ada run there (who)",
    ])
    const waiting = [job(1), job(2, { user: "mia" })]
    const { starts, reservations } = plan({ hosts, leases: [], waiting }, NOW_MS)
    assert.deepEqual([starts.map((start) => start.job), reservations.flatMap((held) => held.hosts)], [[2], []])
  })

  it("says for whom a place is held", () => {
    const waiting = [job(2, { memoryGB: 60 }), job(3, { memoryGB: 30 }), job(4, { memoryGB: 4, gpus: 0 })]
    const hosts = [host("mac1", 64)]
    const leases = [lease(1, "mac1", 20)]
    assert.deepEqual(why(hosts, leases, waiting, 3), [
      "gpu_leased | mac1: its GPU is leased by job 1; held for job 2, earlier in the queue",
      "mac1: its GPU is leased by job 1; held for job 2, earlier in the queue",
    ])
    assert.deepEqual(why(hosts, leases, waiting, 4).at(0), "starting | Starts now on mac1")
  })

  it("says which host a pinned job waits for, and when there is none of that name", () => {
    const hosts = [host("a", 32), host("b", 32, { link: "asleep" })]
    assert.deepEqual(why(hosts, [], [job(1, { hostWanted: "b" })], 1), [
      "host_asleep | b: asleep",
      "a: the job asks for host b",
      "b: asleep",
    ])
    assert.equal(why(hosts, [], [job(1, { hostWanted: "c" })], 1)[0], "host_unknown | No host of the pool is called c")
    assert.equal(why([], [], [job(1)], 1)[0], "no_hosts | No host has joined the pool yet")
  })

  it("says when no host could ever run it", () => {
    assert.equal(
      why([host("a", 32), host("b", 64)], [], [job(1, { memoryGB: 200 })], 1)[0],
      "never_fits | No host of the pool could ever run it (a: too little memory: 200 GB asked, it has 32 GB; b: too little memory: 200 GB asked, it has 64 GB)",
    )
  })

  it("tells what is too small from what only a rule keeps, naming rule and host", () => {
    const GB = 1024 ** 3
    const kept = (elseBytes: number) => ({ bytes: 32 * GB, ofBytes: 32 * GB, elseBytes })
    const none = host("a", 0, { keeps: kept(28 * GB) })
    assert.deepEqual(why([none, host("b", 8)], [], [job(1, { memoryGB: 20 })], 1), [
      "rules_forbid | No host may run it by the rules as they are now (a: its rules keep 32 GB of its 32 GB from jobs (keep_memory), 20 GB asked); no other host could ever run it",
      "a: its rules keep 32 GB of its 32 GB from jobs (keep_memory), 20 GB asked",
      "b: too little memory: 20 GB asked, it has 8 GB",
    ])
    // Also without the rule it would be too small, as a whole or for the GPU.
    for (const [one, asked] of [
      [none, { memoryGB: 30 }],
      [host("a", 0, { keeps: kept(28 * GB), gpuMemoryBytes: 18 * GB }), { memoryGB: 20 }],
      [host("a", 4, { users: new Set(["mia"]) }), { memoryGB: 30 }],
    ] as const) {
      assert.match(why([one], [], [job(1, asked)], 1)[0] ?? "", /^never_fits \| No host of the pool could ever run it/)
    }
  })

  it("keeps secrets apart from other users' jobs", () => {
    const leases = [lease(1, "a", 4, { gpus: 0, user: "ben" })]
    assert.deepEqual(
      why([host("a", 32)], leases, [job(2, { gpus: 0, hasSecrets: true })], 2).at(1),
      ["a: secrets and other users' jobs do not meet on one host: job 1 runs there"].at(0),
    )
  })

  it("says how long a job pauses before its next try, which gives up no other job's place", () => {
    const waiting = [job(1, { notBeforeMs: NOW_MS + 30_000 }), job(2)]
    assert.equal(why([host("a", 32)], [], waiting, 1)[0], "not_before | Waits 30.0 s until its next try")
    const awaits = "what attempt 1 wrote on b"
    const coming = [job(1, { notBeforeMs: NOW_MS + 30_000, awaits }), job(2)]
    const text = "checkpoint_coming | Waits for what attempt 1 wrote on b, 30.0 s more at most unless more of it comes"
    assert.equal(why([host("a", 32)], [], coming, 1)[0], text)
    const answer = plan({ hosts: [host("a", 32)], leases: [], waiting }, NOW_MS)
    assert.deepEqual(
      answer.starts.map((start) => start.job),
      [2],
    )
    assert.equal(answer.wakeAtMs, NOW_MS + 30_000)
  })

  it("gives the place in the queue, and nothing for a job that does not wait", () => {
    const snapshot = { hosts: [host("a", 32)], leases: [], waiting: [job(7), job(9)] }
    assert.equal(explain(snapshot, NOW_MS, 9 as JobId)?.place, 2)
    assert.equal(explain(snapshot, NOW_MS, 8 as JobId), undefined)
  })
})

describe("plan()", () => {
  it("takes the smallest host that fits, for each job in turn", () => {
    const hosts = [host("big", 128), host("small", 16), host("middle", 64)]
    const waiting = [job(1), job(2, { memoryGB: 32 }), job(3), job(4)]
    assert.deepEqual(
      plan({ hosts, leases: [], waiting }, NOW_MS).starts.map((start) => `${start.job} on ${start.host}`),
      ["1 on h-small", "2 on h-middle", "3 on h-big"],
    )
  })

  it("leases the GPU to a job that did not say, where there is one", () => {
    const linux = host("box", 16, { total: { memoryBytes: 16 * GB, gpus: 0, cores: 8 } })
    const { starts } = plan(
      { hosts: [linux, host("mac", 64)], leases: [], waiting: [job(1), job(2, { gpus: 1 })] },
      NOW_MS,
    )
    assert.deepEqual(
      starts.map((start) => start.resources.gpus),
      [0, 1],
    )
  })

  it("reads no more of a long queue than it needs when nothing is free", () => {
    let read = 0
    function* queue() {
      for (let id = 10; id < 1_010; id++) {
        read++
        yield job(id)
      }
    }
    const hosts = [host("a", 32)]
    assert.deepEqual(plan({ hosts, leases: [lease(1, "a", 32)], waiting: queue() }, NOW_MS).starts, [])
    assert.ok(read <= 1, `${read} jobs were read`)
    assert.equal(plan({ hosts, leases: [lease(1, "a", 30)], waiting: queue() }, NOW_MS).reservations.length, 1)
  })
})
