import assert from "node:assert/strict"
import { createSocket, type Socket } from "node:dgram"
import { once } from "node:events"
import { it } from "node:test"
import { exitsAtOnce, runsOn, type SimulatedHost } from "../../../test/support/simulated-host.ts"
import { seesPeople } from "../../../test/support/simulated-owner.ts"
import { TestServer } from "../../../test/support/test-server.ts"
import type { AgentMessage } from "../../protocol/agent-wire.ts"
import type { WhyAnswer } from "../../protocol/api.ts"
import type { WindfallEvent } from "../../protocol/events.ts"
import type { HostView } from "../../protocol/host.ts"
import type { JobPreviews } from "../../protocol/job-preview.ts"
import { SERVER_END } from "../../protocol/network.ts"
import { magicPacket } from "./magic-packet.ts"
import { storeMeasures } from "./store-measures.ts"
import { travelText } from "./tell-travel.ts"

const NETWORK: Extract<AgentMessage, { type: "network" }> = {
  type: "network",
  network: { kind: "ethernet", mbps: 10_000, interface: "en0", peers: ["Mac15,14"] },
  wake: { hardware: "d0:11:e5:18:1a:ba", broadcast: "127.0.0.1", isAllowed: true },
}
const MIB = 1024 ** 2
const MAC = { platform: "darwin" } as const
const show = (server: TestServer, token?: string) =>
  server.call<HostView>("GET", "/v1/hosts/alpha", undefined, token === undefined ? {} : { token })

/** Resolves once the server has taken it in. */
async function tell(server: TestServer, host: SimulatedHost, message: AgentMessage): Promise<void> {
  host.tell(message)
  await new Promise(setImmediate)
  await server.running.core.ledger.change(() => {})
}

async function notices(server: TestServer): Promise<string[]> {
  const { events } = await server.call<{ events: WindfallEvent[] }>("GET", "/v1/events")
  return events.flatMap((event) => (event.type === "notice" ? [event.message] : []))
}

it("keeps what a host says of its network, across restarts; what wakes it is for administrators", async () => {
  await using server = await TestServer.start()
  const host = await server.hosts.join("alpha")
  assert.equal((await show(server)).network, null)
  await tell(server, host, NETWORK)
  await tell(server, host, NETWORK)
  await server.call("POST", "/v1/hosts/alpha/wake", { wake: true })
  const seen = await show(server)
  assert.deepEqual(seen.network, NETWORK.network)
  assert.deepEqual(seen.wake, { isOn: true, hardware: "d0:11:e5:18:1a:ba", problem: null })
  const token = await server.userToken("ben")
  assert.deepEqual((await show(server, token)).wake, { isOn: true, hardware: null, problem: null })
  await assert.rejects(server.call("POST", "/v1/hosts/alpha/wake", { wake: false }, { token }), { code: "not_allowed" })
  await server.stop()
  server.hosts.autoConnect = false
  await server.start()
  assert.deepEqual((await show(server)).network, NETWORK.network)
  assert.equal((await show(server)).wake.isOn, true)
})

it("says why a host cannot be woken", async () => {
  await using server = await TestServer.start()
  const host = await server.hosts.join("alpha")
  const problem = async () => (await show(server)).wake.problem
  assert.match((await problem()) ?? "", /has not said yet/)
  await tell(server, host, { ...NETWORK, network: { ...NETWORK.network, kind: "wifi" }, wake: null })
  assert.match((await problem()) ?? "", /not known to be on a cable/)
  await tell(server, host, { ...NETWORK, wake: { ...NETWORK.wake!, isAllowed: false } })
  assert.match((await problem()) ?? "", /womp 0/)
  await tell(server, host, { ...NETWORK, wake: { ...NETWORK.wake!, isAllowed: null } })
  assert.equal(await problem(), null)
})

it("wakes a sleeping host that a job waits for, once, and says so", async () => {
  const socket = createSocket("udp4")
  try {
    const port = await listening(socket)
    const packet = once(socket, "message") as Promise<[Buffer]>
    await using server = await TestServer.start({ limits: { wakePort: port } })
    const host = await server.hosts.join("alpha", MAC)
    await tell(server, host, NETWORK)
    await server.call("POST", "/v1/hosts/alpha/wake", { wake: true })
    host.sleep()
    const { id } = await server.submit()
    assert.deepEqual((await packet)[0], Buffer.from(magicPacket("d0:11:e5:18:1a:ba")))
    const why = await server.call<WhyAnswer>("GET", `/v1/jobs/${id}/why`)
    assert.match(why.summary, /^alpha: asleep: woken \d+ s ago$/)
    // Another job is no reason to wake it again so soon.
    await server.submit()
    assert.deepEqual(await notices(server), [`alpha sleeps and is woken for job ${id}`])
    host.script = exitsAtOnce()
    host.connect()
    seesPeople(host, "away")
    assert.equal((await server.untilEnded(id)).state, "succeeded")
  } finally {
    socket.close()
  }
})

it("lets a host sleep where nobody has said that it is to be woken", async () => {
  await using server = await TestServer.start({ limits: { wakePort: 1 } })
  const host = await server.hosts.join("alpha", MAC)
  await tell(server, host, NETWORK)
  host.sleep()
  const { id } = await server.submit()
  assert.equal((await server.call<WhyAnswer>("GET", `/v1/jobs/${id}/why`)).summary, "alpha: asleep")
  assert.deepEqual(await notices(server), [])
})

it("tells when a host key is shown by another machine than before, and when two hosts are one Mac", async () => {
  await using server = await TestServer.start()
  const host = await server.hosts.join("alpha", MAC)
  const connect = async (machine: string) => {
    host.machine = machine
    host.connect()
    await show(server)
  }
  await connect("a".repeat(64))
  await connect("a".repeat(64))
  assert.deepEqual(await notices(server), [])
  await connect("b".repeat(64))
  const [copied = "", ...others] = await notices(server)
  assert.match(copied, /^alpha shows the host key it is known by and is another machine than before/)
  assert.deepEqual(others, [])
  const second = await server.hosts.join("beta", MAC)
  second.machine = "b".repeat(64)
  second.connect()
  await show(server)
  assert.ok((await notices(server)).some((text) => text.startsWith("beta is the same Mac as alpha")))
})

it("measures for administrators only, and not with who does not answer", async () => {
  await using server = await TestServer.start()
  const host = await server.hosts.join("alpha")
  const token = await server.userToken("ben")
  const body = { between: "server", and: "alpha" }
  await assert.rejects(server.call("POST", "/v1/bench", body, { token }), { code: "not_allowed" })
  await assert.rejects(server.call("POST", "/v1/bench", { ...body, durationMs: 300 }), { code: "invalid_input" })
  await assert.rejects(server.call("GET", "/v1/discover", undefined, { token }), { code: "not_allowed" })
  const failure = async (asked: object) => {
    const [line = ""] = (await (await server.request("POST", "/v1/bench", asked)).text()).trim().split("\n")
    return (JSON.parse(line) as { error: { code: string } }).error.code
  }
  assert.equal(await failure({ between: "alpha", and: "alpha" }), "invalid_input")
  assert.equal(await failure({ between: "server", and: "nobody" }), "host_not_found")
  host.cut()
  assert.equal(await failure(body), "host_unreachable")
})

it("says how long a large folder takes over Wi-Fi, by what was measured where that is known, and who is wired", async () => {
  await using server = await TestServer.start()
  const alpha = await server.hosts.join("alpha")
  const beta = await server.hosts.join("beta")
  alpha.script = runsOn
  await tell(server, alpha, { ...NETWORK, network: { ...NETWORK.network, kind: "wifi", mbps: 460 }, wake: null })
  const { id } = await server.submit({ host: "alpha" })
  await server.untilState(id, "running")
  const { core } = server.running
  const [tried] = core.table.onHost(alpha.id)
  assert.ok(tried !== undefined)
  const text = (bytes: number) => travelText(core, tried, bytes)
  assert.equal(text(400 * MIB), "400 MB over Wi-Fi to alpha: about 15 s")
  assert.equal(text(60_000_000), null)
  assert.equal(text(0), null)
  const free = { ...tried, job: { ...tried.job, spec: { ...tried.job.spec, host: null } } }
  await tell(server, beta, NETWORK)
  assert.equal(travelText(core, free, 400 * MIB), "400 MB over Wi-Fi to alpha: about 15 s; beta is wired")
  const measure = { mbps: 100, roundTripMs: 2, bytes: 1e8, durationMs: 3_000, at: 1 }
  await storeMeasures(core, [{ ...measure, from: SERVER_END, to: alpha.id }])
  assert.equal(text(400 * MIB), "400 MB over Wi-Fi to alpha: about 34 s")
  await tell(server, alpha, NETWORK)
  assert.equal(text(400 * MIB), null)
})

it("says the same of a job that is not sent, of the host it would start on now, and of the one it has to", async () => {
  await using server = await TestServer.start()
  const alpha = await server.hosts.join("alpha")
  alpha.script = runsOn
  await tell(server, alpha, { ...NETWORK, network: { ...NETWORK.network, kind: "wifi", mbps: 460 }, wake: null })
  const travel = async (more: object = {}) => {
    const spec = { command: ["true"], workspace: "c".repeat(64), workspaceBytes: 400 * MIB, ...more }
    const { jobs } = await server.call<JobPreviews>("POST", "/v1/jobs/preview", { specs: [spec] })
    return jobs[0]?.travel
  }
  assert.equal(await travel(), "up to 400 MB over Wi-Fi to alpha: about 15 s")
  assert.equal(await travel({ workspaceBytes: 60_000_000 }), null)
  const [all] = server.running.core.fleet.schedulable()
  const whole = { memoryBytes: 1, gpus: 0, cores: all?.total.cores ?? 0 }
  const { id } = await server.submit({ resources: whole })
  await server.untilState(id, "running")
  assert.equal(await travel({ host: "alpha" }), "up to 400 MB over Wi-Fi to alpha: about 15 s")
  assert.equal(await travel(), null, "where it will start is not known")
  // A large folder goes where there is a cable.
  await tell(server, await server.hosts.join("beta"), NETWORK)
  assert.equal(await travel(), null)
})

async function listening(socket: Socket): Promise<number> {
  socket.bind(0, "127.0.0.1")
  await once(socket, "listening")
  return socket.address().port
}
