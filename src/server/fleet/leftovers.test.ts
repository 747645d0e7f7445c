import assert from "node:assert/strict"
import { test } from "node:test"
import { exitsAtOnce, type SimulatedHost } from "../../../test/support/simulated-host.ts"
import { type RequestOptions, TestServer } from "../../../test/support/test-server.ts"
import type { DoctorFinding, WhyAnswer } from "../../protocol/api.ts"
import type { WindfallEvent } from "../../protocol/events.ts"
import type { HostView } from "../../protocol/host.ts"
import { type AttemptId, type JobId, makeId } from "../../protocol/ids.ts"
import type { Stray } from "../../protocol/leftovers.ts"

const MIB = 1024 ** 2
const NONE = { strays: [], missingBytes: 0 }

function stray(attempt: AttemptId, more: Partial<Stray> = {}): Stray {
  return { pid: 4711, start: "99", command: "secret-name", attempt, certain: true, memoryBytes: 512 * MIB, ...more }
}

/** A host on which a job of this user has ended, with its attempt. */
async function hostAfterJob(server: TestServer, options: RequestOptions = {}) {
  const host = await server.hosts.join("alpha")
  let attempt: AttemptId | undefined
  host.script = (there, run) => {
    attempt = run.order.attempt
    exitsAtOnce()(there, run)
  }
  const { id } = await server.submit({}, options)
  await server.untilEnded(id)
  assert.ok(attempt !== undefined)
  return { host, id, attempt }
}

/** Has the host say it, and resolves with the host's view once the server has taken it in. */
async function say(server: TestServer, host: SimulatedHost, left: { strays: Stray[]; missingBytes: number }) {
  const before = await lastEvent(server)
  host.leave(left)
  host.tell({ type: "notice", message: "said" })
  while (!(await eventsAfter(server, before)).some((event) => event.type === "notice")) await new Promise(setImmediate)
  return view(server)
}

function view(server: TestServer, options?: RequestOptions): Promise<HostView> {
  return server.call("GET", "/v1/hosts/alpha", undefined, options)
}

async function eventsAfter(server: TestServer, after: number, options?: RequestOptions): Promise<WindfallEvent[]> {
  return (await server.call<{ events: WindfallEvent[] }>("GET", `/v1/events?after=${after}`, undefined, options)).events
}

async function lastEvent(server: TestServer): Promise<number> {
  return (await eventsAfter(server, 0)).at(-1)?.sequence ?? 0
}

async function findings(server: TestServer, options?: RequestOptions): Promise<DoctorFinding[]> {
  const report = await server.call<{ findings: DoctorFinding[] }>("GET", "/v1/doctor", undefined, options)
  return report.findings.filter(({ code }) => /stray|missing|withheld/.test(code))
}

function why(server: TestServer, id: JobId): Promise<WhyAnswer> {
  return server.call("GET", `/v1/jobs/${id}/why`)
}

test("a host with a stray gets no new jobs, says why, and gets them again by itself when it is gone", async () => {
  await using server = await TestServer.start()
  const { host, id, attempt } = await hostAfterJob(server)
  const from = await lastEvent(server)
  const shown = await say(server, host, { strays: [stray(attempt)], missingBytes: 0 })
  assert.equal(shown.withheld, `process 4711, which job ${id} left there, holds 512 MB`)
  const waiting = await server.submit()
  const answer = await why(server, waiting.id)
  assert.deepEqual([answer.code, answer.hosts[0]?.text], ["host_withheld", `withheld: ${shown.withheld}`])
  assert.deepEqual(
    (await findings(server)).map(({ code, level }) => [code, level]),
    [
      ["stray", "problem"],
      ["host_withheld", "problem"],
    ],
  )
  // Said again it is no news, and more memory alone neither.
  await say(server, host, { strays: [stray(attempt)], missingBytes: 0 })
  await say(server, host, { strays: [stray(attempt, { memoryBytes: 600 * MIB })], missingBytes: 0 })
  assert.equal((await server.job(waiting.id)).state, "queued")
  host.leave(NONE)
  assert.equal((await server.untilEnded(waiting.id)).state, "succeeded")
  assert.deepEqual([(await view(server)).withheld, (await findings(server)).length], [null, 0])
  const told = (await eventsAfter(server, from)).filter(({ type }) => type === "stray" || type === "host_withheld")
  assert.deepEqual(
    told.map((event) =>
      event.type === "stray" ? `gone ${event.gone}` : event.type === "host_withheld" && event.reason,
    ),
    ["gone false", shown.withheld, "gone true", null],
  )
})

test("a restart of the server forgets nothing, with and without contact", async () => {
  await using server = await TestServer.start()
  const { host, attempt } = await hostAfterJob(server)
  const before = await say(server, host, { strays: [stray(attempt)], missingBytes: 0 })
  await server.stop()
  server.hosts.autoConnect = false
  await server.start()
  const silent = await view(server)
  assert.deepEqual([silent.link, silent.withheld, silent.strays], ["connecting", before.withheld, before.strays])
  const { id } = await server.submit()
  host.connect()
  const placed = () => server.job(id).then(({ state }) => state)
  while ((await view(server)).link !== "ready") await new Promise(setImmediate)
  assert.deepEqual([await placed(), (await why(server, id)).code], ["queued", "host_withheld"])
  host.cut()
  host.leftovers = NONE
  host.connect()
  assert.equal((await server.untilEnded(id)).state, "succeeded")
})

test("a process that is only suspected is shown, and withholds the host once it holds much", async () => {
  await using server = await TestServer.start()
  const { host, attempt } = await hostAfterJob(server)
  const suspect = (megabytes: number) => stray(attempt, { certain: false, memoryBytes: megabytes * MIB })
  const small = await say(server, host, { strays: [suspect(100)], missingBytes: 0 })
  assert.deepEqual([small.withheld, small.strays.length], [null, 1])
  assert.deepEqual(
    (await findings(server)).map(({ code, level }) => [code, level]),
    [["suspected_stray", "warning"]],
  )
  const large = await say(server, host, { strays: [suspect(100), { ...suspect(200), pid: 4712 }], missingBytes: 0 })
  assert.equal(large.withheld, "processes 4711 and 4712, which ended jobs left there, hold 300 MB")
})

test("a stray whose memory has come back, stuck as it is, does not withhold the host", async () => {
  await using server = await TestServer.start()
  const { host, attempt } = await hostAfterJob(server)
  const shown = await say(server, host, { strays: [stray(attempt, { memoryBytes: 0 })], missingBytes: 0 })
  assert.deepEqual([shown.withheld, (await findings(server)).map(({ code }) => code)], [null, ["stray"]])
})

test("memory that does not come back withholds the host until it has", async () => {
  await using server = await TestServer.start()
  const { host } = await hostAfterJob(server)
  const shown = await say(server, host, { strays: [], missingBytes: 3 * 1024 * MIB })
  assert.equal(shown.withheld, "3 GB that ended jobs held have not come back")
  assert.deepEqual(
    (await findings(server)).map(({ code }) => code),
    ["memory_missing", "host_withheld"],
  )
  assert.equal((await say(server, host, NONE)).withheld, null)
})

test("what a stray is called only its job's owner and administrators see, wherever it is told", async () => {
  await using server = await TestServer.start()
  const token = async (name: string) => {
    await server.call("POST", "/v1/users", { name, role: "user" })
    return server.call<{ token: string }>("POST", "/v1/tokens", { user: name, expiresInMs: null })
  }
  const [ada, bob] = [await token("ada"), await token("bob")]
  const { host, id, attempt } = await hostAfterJob(server, ada)
  const from = await lastEvent(server)
  await say(server, host, { strays: [stray(attempt)], missingBytes: 0 })
  const followed = async (options: RequestOptions) => {
    const gone = new AbortController()
    const response = await server.request("GET", `/v1/events?follow=true&after=${from}`, undefined, {
      ...options,
      signal: gone.signal,
    })
    let text = ""
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      text += chunk
      if (text.includes('"said"')) break
    }
    gone.abort()
    return text
  }
  const everywhere = async (options: RequestOptions) =>
    Object.entries({
      host: await view(server, options),
      hosts: await server.call("GET", "/v1/hosts", undefined, options),
      doctor: await findings(server, options),
      events: await eventsAfter(server, from, options),
      jobEvents: await server.call("GET", `/v1/events?job=${id}`, undefined, options),
      followed: await followed(options),
    }).map(([name, seen]) => {
      const text = JSON.stringify(seen)
      assert.ok(text.includes("4711"), `${name} tells that there is one`)
      return `${name} ${text.includes("secret-name")}`
    })
  const places = ["host", "hosts", "doctor", "events", "jobEvents", "followed"]
  for (const options of [ada, { token: server.adminToken }]) {
    assert.deepEqual(
      await everywhere(options),
      places.map((place) => `${place} true`),
    )
  }
  assert.deepEqual(
    await everywhere(bob),
    places.map((place) => `${place} false`),
  )
  for (const path of [`/v1/jobs/${id}`, `/v1/jobs/${id}/why`, "/v1/jobs?user=all"]) {
    assert.ok(!JSON.stringify(await server.call("GET", path, undefined, bob)).includes("secret-name"), path)
  }
})

test("a host can only speak of attempts it was given", async () => {
  await using server = await TestServer.start()
  const { attempt } = await hostAfterJob(server)
  const other = await server.hosts.join("beta")
  other.leave({ strays: [stray(attempt), stray(makeId("a", new Uint8Array(16)), { pid: 1 })], missingBytes: 0 })
  let beta: HostView | undefined
  while (beta?.strays.length !== 2) beta = await server.call<HostView>("GET", "/v1/hosts/beta")
  assert.deepEqual(
    beta.strays.map(({ job }) => job),
    [null, null],
  )
})
