import assert from "node:assert/strict"
import { test } from "node:test"
import { eventually } from "../../../test/support/agent-home.ts"
import { runsOn, type SimulatedHost } from "../../../test/support/simulated-host.ts"
import { seesPeople } from "../../../test/support/simulated-owner.ts"
import { TestServer } from "../../../test/support/test-server.ts"
import type { WhyAnswer } from "../../protocol/api.ts"
import type { WindfallError } from "../../protocol/errors.ts"
import type { HostFacts, HostView } from "../../protocol/host.ts"
import { NO_VITALS } from "../../protocol/vitals.ts"

const GIB = 1024 ** 3
/** Jobs may use 56 GB of it at the best of times. */
const MAC: Partial<HostFacts> = {
  platform: "darwin",
  arch: "arm64",
  memoryBytes: 64 * GIB,
  gpus: 1,
  cores: 12,
  gpuMemoryBytes: 48 * GIB,
  memoryAvailableBytes: 60 * GIB,
}

const asks = (gigabytes: number, gpus: number | null = null) => ({
  resources: { memoryBytes: gigabytes * GIB, gpus, cores: 1 },
})

function sample(host: SimulatedHost, freeGigabytes: number, held: Record<number, number> = {}): void {
  const attempts = Object.entries(held).map(([sequence, gigabytes]) => ({
    sequence: Number(sequence),
    memoryBytes: gigabytes * GIB,
    processes: 1,
  }))
  host.tell({ type: "sample", at: 1, memoryFreeBytes: freeGigabytes * GIB, diskFreeBytes: 1, load: 0, attempts })
}

test("a Mac whose memory the owner's apps use takes no job that would not fit, says so with numbers, and takes it later", async () => {
  await using server = await TestServer.start()
  const mac = await server.hosts.join("mac-2", { ...MAC, memoryAvailableBytes: 31 * GIB })
  seesPeople(mac, "away")
  mac.script = runsOn
  seesPeople(mac, "away")
  const large = await server.submit({ ...asks(40) })
  const why = await server.call<WhyAnswer>("GET", `/v1/jobs/${large.id}/why`)
  assert.deepEqual([why.code, why.summary], ["memory_short", "mac-2: 23 GB free for GPU jobs now, 40 GB asked"])
  // What fits beside the owner's apps may go first: nobody knows when they end.
  const small = await server.submit({ ...asks(8, 0) })
  await server.untilState(small.id, "running")
  sample(mac, 52, { 1: 6 })
  assert.equal((await server.untilState(large.id, "running")).attempts[0]?.hostName, "mac-2")
})

test("what a job holds of its lease is not counted twice, and what it holds beyond is not promised to others", async () => {
  await using server = await TestServer.start()
  const mac = await server.hosts.join("mac-2", MAC)
  seesPeople(mac, "away")
  mac.script = runsOn
  seesPeople(mac, "away")
  const first = await server.submit({ ...asks(20, 0) })
  await server.untilState(first.id, "running")
  // 60 GB were available, 20 are held: of the 52 that jobs may have, 32 are left.
  sample(mac, 40, { 1: 20 })
  const second = await server.submit({ ...asks(30, 0) })
  await server.untilState(second.id, "running")
  sample(mac, 8, { 1: 22, 2: 30 })
  const third = await server.submit({ ...asks(1, 0) })
  const why = await server.call<WhyAnswer>("GET", `/v1/jobs/${third.id}/why`)
  assert.match(why.summary, /^mac-2: 0 B free for jobs now, 1 GB asked$/)
})

test("more than Metal gives its GPU is refused for a GPU job, and not for another", async () => {
  await using server = await TestServer.start()
  const mac = await server.hosts.join("mac-2", MAC)
  seesPeople(mac, "away")
  mac.script = runsOn
  seesPeople(mac, "away")
  await assert.rejects(server.submit({ ...asks(50, 1) }), { code: "never_fits" })
  await server.untilState((await server.submit({ ...asks(50, 0) })).id, "running")
})

test("a job whose sender says nothing of memory is given what its earlier runs needed, and is held to nothing", async () => {
  await using server = await TestServer.start()
  const small = await server.hosts.join("alpha")
  small.script = (host, attempt) => {
    host.begin(attempt)
    host.finish(attempt, { peakMemoryBytes: 5 * GIB })
  }
  const job = { command: ["python", "train.py"], project: "0123456789abcdef" }
  const first = await server.submit(job)
  assert.equal(first.learned, undefined)
  await server.untilEnded(first.id)
  const second = await server.submit(job)
  const need = { peakBytes: 5 * GIB, runs: 1, leaseBytes: Math.ceil(5.5 * GIB) }
  assert.deepEqual(second.learned, need)
  await server.untilEnded(second.id)
  const start = small.said.filter((message) => message.type === "start").at(-1)
  assert.deepEqual([start?.order.lease.memoryBytes, start?.order.memoryAsked], [need.leaseBytes, false])
  assert.equal((await server.submit({ ...job, project: "fedcba9876543210" })).learned, undefined, "another folder")
  const asking = await server.submit({ ...job, ...asks(1) })
  assert.equal(asking.learned, undefined, "its sender said how much")
  await server.untilEnded(asking.id)
  // 7 GB are all that this host gives: more was seen, and it must still start.
  small.script = (host, attempt) => {
    host.begin(attempt)
    host.finish(attempt, { cause: "out_of_memory", peakMemoryBytes: Math.round(7.9 * GIB) })
  }
  await server.untilEnded((await server.submit(job)).id)
  small.script = runsOn
  const last = await server.submit(job)
  assert.deepEqual(last.learned, { peakBytes: Math.round(7.9 * GIB), runs: 4, leaseBytes: 7 * GIB })
  await server.untilState(last.id, "running")
  const behind = await server.submit(job)
  const why = await server.call<WhyAnswer>("GET", `/v1/jobs/${behind.id}/why`)
  assert.match(
    why.summary,
    /7 GB asked.* \(no --memory was given: its last 4 runs held up to 7.9 GB, so 7 GB are counted/,
  )
  await server.stop()
  await server.start()
  assert.deepEqual((await server.job(last.id)).learned, last.learned)
})

test("what could never be given is refused with the bound that was met: of a GPU job's memory it is Metal's share", async () => {
  await using server = await TestServer.start()
  const mac = await server.hosts.join("mac-2", MAC)
  seesPeople(mac, "away")
  await server.hosts.join("box", { platform: "linux", memoryBytes: 256 * GIB, gpus: 0, cores: 4 })
  const hintOf = async (job: object) => {
    const error = await server.submit(job).then(
      () => assert.fail("it was accepted"),
      (thrown: WindfallError) => thrown,
    )
    assert.equal(error.code, "never_fits")
    return `${error.message}. ${error.hint}`
  }
  assert.equal(
    await hintOf(asks(52, 1)),
    "Cannot accept the job: no host could ever give it 52 GB, 1 core, 1 GPU. The most a host gives: 48 GB for a job with the GPU (Metal's share of the memory), 12 cores, 1 GPU. What each has: windfall host ls",
  )
  await server.call("POST", "/v1/hosts/mac-2/owner/rules", { rules: { keep_memory: "1024G" } })
  assert.match(
    await hintOf({ ...asks(32, 1), host: "mac-2" }),
    /^Cannot accept the job: by the rules as they are now the host mac-2 does not give it 32 GB, .*mac-2: its rules keep 64 GB of its 64 GB from jobs \(keep_memory\), 32 GB asked\./,
  )
  assert.match(await hintOf({ ...asks(52, 1), host: "mac-2" }), /: the host mac-2 could never give it 52 GB/)
  assert.match(await hintOf(asks(300, 0)), /most a host gives: 248 GB, 12 cores, 1 GPU\./)
})

test("the memory that is shown as there now is what the last sample told", async () => {
  await using server = await TestServer.start()
  const mac = await server.hosts.join("mac-2", MAC)
  mac.tell({ type: "vitals", vitals: { ...NO_VITALS, memoryAvailableBytes: 19 * GIB, memoryPressure: "normal" } })
  const shown = async () => (await server.call<HostView>("GET", "/v1/hosts/mac-2")).vitals?.memoryAvailableBytes
  await eventually(async () => (await shown()) === 19 * GIB, "what it told of itself")
  sample(mac, 2)
  await eventually(async () => (await shown()) === 2 * GIB, "the sample")
})
