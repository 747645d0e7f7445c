import assert from "node:assert/strict"
import { test } from "node:test"
import { denseModel, LLAMA_3_8B } from "../../../test/support/hive-models.ts"
import { ModelScene, ready } from "../../../test/support/model-scene.ts"
import type { WindfallEvent } from "../../protocol/events.ts"
import type { HostView } from "../../protocol/host.ts"
import type { FleetView } from "../../protocol/owner-api.ts"

async function refused(asked: Promise<unknown>, code: string, message: RegExp, hint?: RegExp): Promise<void> {
  await assert.rejects(asked, (error: { code: string; message: string; hint?: string }) => {
    assert.equal(error.code, code, error.message)
    assert.match(error.message, message)
    if (hint !== undefined) assert.match(error.hint ?? "", hint)
    return true
  })
}

test("a model is served by a hive, answers through the gateway once a token came through the tunnel, and stops to nothing", async () => {
  await using scene = await ModelScene.start()
  const host = await scene.join("studio")
  await scene.store("tiny")
  const served = await scene.serve("tiny")
  assert.deepEqual([served.state, served.options.engine, served.options.slots], ["waiting", "llama.cpp", 4])
  const model = await scene.untilState("tiny", "ready")
  const [replica] = model.replicas
  assert.deepEqual(
    [replica?.plan?.members.map(({ hostName, layers }) => [hostName, layers]), replica?.engineVersion],
    [[["studio", 6]], "played 1"],
  )
  const [hive] = scene.hives
  assert.equal(hive?.order.members[0]?.modelPath, "model/out/tiny.gguf")
  assert.deepEqual(
    hive?.attempt.order.data.map(({ name, path }) => [name, path]),
    [["tiny", "model"]],
  )
  assert.equal(hive?.attempt.order.lease.memoryBytes, replica?.plan?.members[0]?.needBytes)
  const answer = await scene.chat("tiny")
  assert.equal(answer.status, 200)
  const { choices, model: named } = (await answer.json()) as {
    choices: { message: { content: string } }[]
    model: string
  }
  assert.deepEqual([choices[0]?.message.content, named], ["Hello world", "tiny"])
  const asked = scene.engine.asked.at(-1)
  assert.equal(asked?.request.headers.authorization, `Bearer ${hive?.order.engineKey}`)
  assert.equal(asked?.body.model, "tiny")
  assert.equal(scene.engine.asked[0]?.path, "/v1/completions", "a token came through the tunnel before")

  await scene.server.call("POST", "/v1/hives/tiny/stop", {})
  await scene.untilState("tiny", "stopped")
  assert.equal((await scene.chat("tiny")).status, 404)
  assert.deepEqual(
    [...host.attempts.values()].filter(({ phase }) => phase !== "exited"),
    [],
  )
  const { events } = await scene.server.call<{ events: WindfallEvent[] }>("GET", "/v1/events")
  const told = events.flatMap((event) => (event.type === "model_changed" ? event.what : []))
  assert.deepEqual(
    told.map((what) => /(?:\w+ -> \w+|^\w+$)/.exec(what)?.[0]),
    ["served", "waiting -> starting", "starting -> ready", "stopped", "ready -> ending", "ending -> idle"],
  )
  await scene.server.call("DELETE", "/v1/hives/tiny")
  await refused(scene.model("tiny"), "model_not_found", /no such model/)
})

test("a hive that is lost is tried again, so many times; then the model is degraded, until somebody serves it again", async () => {
  await using scene = await ModelScene.start({ modelLimits: { restMs: 5, planAgainMs: 20, mostLosses: 3 } })
  await scene.join("studio")
  await scene.store("tiny")
  scene.play = (hive) => scene.lose(hive, "engine_ended", "its engine ended with code 1")
  await scene.serve("tiny")
  const model = await scene.untilState("tiny", "degraded")
  assert.equal(scene.hives.length, 3)
  assert.match(model.reason ?? "", /lost 3 times in a row, the last time as its engine ended with code 1 \(studio\)/)
  const refusal = await scene.chat("tiny")
  assert.deepEqual([refusal.status, refusal.headers.get("retry-after")], [503, "30"])
  assert.match(await refusal.text(), /lost 3 times in a row/)
  scene.play = (hive) => scene.say(hive, ready())
  await scene.serve("tiny", { data: null, file: null })
  assert.equal((await scene.untilState("tiny", "ready")).replicas[0]?.losses, 0)
})

test("what no try can mend is not tried again, and a host that lacks the engine is left out", async () => {
  await using scene = await ModelScene.start()
  await scene.join("alpha")
  await scene.store("tiny")
  scene.play = (hive) => scene.lose(hive, "model_refused", "its engine does not know this architecture")
  await scene.serve("tiny")
  assert.match((await scene.untilState("tiny", "degraded")).reason ?? "", /does not know this architecture/)
  assert.equal(scene.hives.length, 1)
  await scene.join("beta")
  scene.play = (hive) => {
    if (scene.hives.length === 2) scene.lose(hive, "engine_missing", "there is no llama.cpp on this host")
    else scene.say(hive, ready())
  }
  await scene.serve("tiny", { data: null, file: null })
  await scene.untilState("tiny", "ready")
  const names = scene.hives.slice(1).map(({ host }) => host)
  assert.equal(names.length, 2)
  assert.notEqual(names[0], names[1])
})

test("a server that was stopped in the middle finds its hives again and sends nothing twice", async () => {
  await using scene = await ModelScene.start()
  const host = await scene.join("studio")
  await scene.store("tiny")
  await scene.serve("tiny")
  const before = await scene.untilState("tiny", "ready")
  await scene.server.stop()
  await scene.server.start()
  assert.equal(host.connected, true)
  const answer = await scene.chat("tiny")
  assert.equal(answer.status, 200, await answer.text())
  const after = await scene.untilState("tiny", "ready")
  assert.deepEqual([after.replicas[0]?.job, scene.hives.length], [before.replicas[0]?.job, 1])
  assert.equal(host.begun.get(after.replicas[0]?.job ?? 0), 1)
})

test("two replicas lie on two hosts; when one is lost the other answers, and it comes back", async () => {
  await using scene = await ModelScene.start()
  await scene.join("alpha")
  await scene.join("beta")
  await scene.store("tiny")
  await scene.serve("tiny", { replicas: 2 })
  await scene.untilState("tiny", "ready")
  assert.equal(new Set(scene.hives.map(({ host }) => host.id)).size, 2)
  scene.lose(scene.hives[0]!, "engine_ended", "it was killed")
  await scene.until("tiny", ({ replicas }) => replicas.some(({ state }) => state !== "ready"))
  assert.equal((await scene.chat("tiny")).status, 200)
  await scene.until("tiny", ({ state }) => state === "ready" && scene.hives.length === 3)
  await scene.serve("tiny", { data: null, file: null, replicas: 1 })
  const model = await scene.until("tiny", ({ replicas }) => replicas.length === 1)
  assert.equal(model.replicas[0]?.number, 1)
})

test("a model that is not used stops, and the next request starts it and is answered", async () => {
  await using scene = await ModelScene.start()
  await scene.join("studio")
  await scene.store("tiny")
  await scene.serve("tiny", { idleStopMs: 1_000 })
  await scene.untilState("tiny", "ready")
  const model = await scene.untilState("tiny", "idle")
  assert.match(model.reason ?? "", /starts with the next request/)
  const answer = await scene.chat("tiny")
  assert.equal(answer.status, 200)
  assert.equal(scene.hives.length, 2)
})

test("an owner who comes back takes the Mac: the model goes to another host", async () => {
  await using scene = await ModelScene.start()
  await scene.join("alpha")
  await scene.join("beta")
  await scene.store("tiny")
  await scene.serve("tiny")
  await scene.untilState("tiny", "ready")
  const [first] = scene.hives
  // As far as others are concerned: nothing starts there for now.
  await scene.server.call("POST", `/v1/hosts/${first!.host.id}/drain`, {})
  first!.host.finish(first!.attempt, { cause: "owner_returned", signal: 15 })
  await scene.until("tiny", ({ state }) => state === "ready" && scene.hives.length === 2)
  assert.notEqual(scene.hives[1]!.host, first!.host)
  assert.equal((await scene.chat("tiny")).status, 200)
})

const GIB = 1024 ** 3

test("a model that no host holds is split, with just what each needs; over any network only where an administrator accepts it", async () => {
  await using scene = await ModelScene.start()
  await scene.join("alpha", { memoryBytes: 6 * GIB })
  await scene.join("beta", { memoryBytes: 4 * GIB })
  await scene.store("large", denseModel(LLAMA_3_8B))
  const small = { contextTokens: 1_024, slots: 1 }
  const token = await scene.server.userToken("ada")
  await scene.store("hers", denseModel(LLAMA_3_8B), token)
  await refused(
    scene.serve("hers", { ...small, trustsNetwork: true }, token),
    "not_allowed",
    /accept that engines talk/,
  )
  await scene.serve("large", { ...small, trustsNetwork: true })
  const model = await scene.untilState("large", "ready")
  const plan = model.replicas[0]?.plan
  assert.deepEqual([plan?.members.length, plan?.over], [2, { kind: "accepted" }])
  assert.equal(
    plan?.members.reduce((sum, { layers }) => sum + layers, 0),
    LLAMA_3_8B.layers,
  )
  const job = await scene.server.job(model.replicas[0]!.job!)
  assert.deepEqual(
    job.attempts.map(({ hostName }) => hostName),
    plan?.members.map(({ hostName }) => hostName),
  )
  const leases = [...scene.server.hosts.all.values()].flatMap(({ attempts }) => [...attempts.values()])
  assert.deepEqual(
    leases.map(({ order }) => order.lease.memoryBytes).sort(),
    plan?.members.map(({ needBytes }) => needBytes).sort(),
  )
  await scene.server.call("POST", "/v1/hives/large/stop", {})
  await scene.untilState("large", "stopped")
})

test("members talk over a network that is trusted, over tunnels where none is, and over it no more once it is not", async () => {
  await using scene = await ModelScene.start()
  const [alpha, beta] = [
    await scene.join("alpha", { memoryBytes: 6 * GIB }),
    await scene.join("beta", { memoryBytes: 4 * GIB }),
  ]
  for (const [at, host] of [alpha, beta].entries()) {
    host.addresses = [
      { address: `192.168.1.${at + 5}`, net: "192.168.1.0/24", interface: "en0" },
      { address: `10.0.7.${at + 5}`, net: "10.0.7.0/24", interface: "en1" },
    ]
    const network = { kind: "ethernet", mbps: 1_000, interface: "en0", peers: [], addresses: host.addresses } as const
    host.tell({ type: "network", network, wake: null })
  }
  await scene.store("large", denseModel(LLAMA_3_8B))
  await scene.serve("large", { contextTokens: 1_024, slots: 1 })
  const tunnelled = await scene.untilState("large", "ready")
  assert.deepEqual(tunnelled.replicas[0]?.plan?.over, { kind: "tunnel" })
  assert.match(tunnelled.replicas[0]?.plan?.network ?? "", /^tunnels through the server/)
  const rosters = () => [alpha, beta].map(({ rosters: all }) => [...all.values()].at(-1)?.map(({ address }) => address))
  assert.deepEqual(rosters(), [Array(2).fill("127.0.0.1"), Array(2).fill("127.0.0.1")])
  assert.deepEqual(scene.hives[0]?.order.network, { kind: "tunnel" })

  const trust = (nets: string[], options = {}) =>
    scene.server.call<FleetView>("POST", "/v1/fleets/default/hive-network", { nets }, options)
  await refused(trust(["10.0.7.0/24"], { token: await scene.server.userToken("ada") }), "not_allowed", /hives may talk/)
  await refused(trust(["0.0.0.0/0"]), "invalid_input", /Cannot trust a network for hives: "0.0.0.0\/0" is too wide/)
  assert.deepEqual((await trust(["10.0.7.0/24"])).hiveNets, ["10.0.7.0/24"])
  assert.deepEqual((await scene.server.call<HostView>("GET", "/v1/hosts/alpha")).hiveNets, ["10.0.7.0/24"])
  await scene.server.call("POST", "/v1/hives/large/stop", {})
  await scene.untilState("large", "stopped")
  await scene.serve("large", { data: null, file: null })
  const trusted = await scene.untilState("large", "ready")
  assert.deepEqual(trusted.replicas[0]?.plan?.over, { kind: "trusted", nets: ["10.0.7.0/24"] })
  assert.match(trusted.replicas[0]?.plan?.network ?? "", /trusted network 10\.0\.7\.0\/24 \(Ethernet\)/)
  assert.ok(rosters().every((all) => all?.every((address) => address.startsWith("10.0.7."))))

  assert.equal((await trust([])).hiveNets, undefined)
  const after = await scene.until(
    "large",
    ({ state, replicas }) => state === "ready" && replicas[0]?.plan?.over?.kind === "tunnel",
  )
  assert.equal(after.replicas[0]?.losses, 1)
  const { events } = await scene.server.call<{ events: WindfallEvent[] }>("GET", "/v1/events")
  assert.deepEqual(
    events.flatMap((event) => (event.type === "fleet_changed" ? event.what : [])),
    ["hive network: trusted: 10.0.7.0/24", "hive network: no network is trusted any more"],
  )
  await scene.server.call("POST", "/v1/hives/large/stop", {})
  await scene.untilState("large", "stopped")
})

test("where a firewall would ask, nothing listens but on loopback", async () => {
  await using scene = await ModelScene.start()
  await scene.join("alpha", { memoryBytes: 6 * GIB })
  await scene.join("beta", { memoryBytes: 4 * GIB })
  await scene.store("large", denseModel(LLAMA_3_8B))
  scene.play = (hive) => {
    if (hive.order.network?.kind === "tunnel") scene.say(hive, ready())
    else scene.lose(hive, "firewall_asks", "macOS would ask on its screen", 1)
  }
  await scene.serve("large", { contextTokens: 1_024, slots: 1, trustsNetwork: true })
  const model = await scene.untilState("large", "ready")
  assert.deepEqual([model.replicas[0]?.plan?.over, scene.hives.length], [{ kind: "tunnel" }, 2])
  await scene.server.call("POST", "/v1/hives/large/stop", {})
  await scene.untilState("large", "stopped")
})

test("bad input is refused before anything changes", async () => {
  await using scene = await ModelScene.start()
  await scene.join("studio")
  await scene.store("tiny")
  await refused(scene.serve("tiny", { file: "out/none.gguf" }), "file_not_found", /has no such file/)
  await refused(
    scene.serve("tiny", { contextTokens: 10_000_000 }),
    "invalid_input",
    /more than the \d+ it was made for/,
  )
  await refused(scene.serve("tiny", { engine: "mlx" }), "invalid_input", /it is a gguf model/)
  await refused(scene.serve("tiny", { pins: ["nowhere"] }), "host_not_found", /nowhere/)
  await refused(scene.serve("a b", { data: "tiny" }), "invalid_input", /a name has up to 63/)
  await refused(scene.serve("tiny", { data: "tinx" }), "data_not_found", /none of that name/, /Did you mean tiny/)
  assert.deepEqual((await scene.server.call<{ models: unknown[] }>("GET", "/v1/hives")).models, [])
  const token = await scene.server.userToken("ada")
  await scene.serve("tiny")
  const own = { token }
  await refused(scene.server.call("POST", "/v1/hives/tiny/stop", {}, own), "not_allowed", /admin serves it/)
  await refused(scene.server.call("DELETE", "/v1/hives/tiny", undefined, own), "not_allowed", /admin serves it/)
  await refused(scene.serve("tiny", { data: null, file: null }, token), "not_allowed", /admin serves it/)
  const seen = await scene.server.call<{ models: { name: string }[] }>("GET", "/v1/hives", undefined, own)
  assert.deepEqual(
    seen.models.map(({ name }) => name),
    ["tiny"],
  )
  await refused(scene.server.call("DELETE", "/v1/hives/tiny"), "wrong_state", /it is served/)
  await refused(scene.server.call("DELETE", "/v1/data/tiny"), "wrong_state", /served as tiny|waits? for it/)
  const job = (await scene.untilState("tiny", "ready")).replicas[0]!.job!
  await refused(scene.server.call("POST", `/v1/jobs/${job}/rerun`, {}), "wrong_state", /it is a hive/)
  await scene.server.call("POST", `/v1/jobs/${job}/stop`, { now: false })
  const model = await scene.untilState("tiny", "stopped")
  assert.match(model.reason ?? "", /admin stopped its job/)
})
