import assert from "node:assert/strict"
import { test } from "node:test"
import { heldBack, servesTiny, until } from "../../../test/support/held-answers.ts"
import { LARGE_CACHE_TOKENS, largeCache } from "../../../test/support/hive-models.ts"
import { ModelScene, ready } from "../../../test/support/model-scene.ts"
import { runsOn, type SimulatedAttempt } from "../../../test/support/simulated-host.ts"
import { HERE } from "../../../test/support/simulated-owner.ts"

const GIB = 1024 ** 3

test("a stop takes no new requests, lets those under way finish, and then ends the hive", async () => {
  await using scene = await ModelScene.start()
  await servesTiny(scene)
  const held = heldBack(scene)
  const underWay = scene.chat("tiny")
  await until(() => held.asked.length === 1)
  assert.equal((await scene.model("tiny")).replicas[0]?.inFlight, 1)
  await scene.server.call("POST", "/v1/hives/tiny/stop", {})
  const ending = await scene.until("tiny", ({ replicas }) => replicas[0]?.state === "ending")
  assert.match(ending.replicas[0]?.reason ?? "", /in flight may finish/)
  assert.equal((await scene.chat("tiny")).status, 404)
  assert.equal(scene.hives[0]?.attempt.phase, "running")
  held.go()
  const answer = await underWay
  assert.match(await answer.text(), /late/)
  await scene.untilState("tiny", "stopped")
  assert.equal(scene.hives[0]?.attempt.phase, "exited")
})

test("a request that is cut before its first token is asked again, unseen; what streams at its replica goes on", async () => {
  await using scene = await ModelScene.start()
  await servesTiny(scene)
  const held = heldBack(scene)
  const stream = await scene.chat("tiny", { stream: true })
  await until(() => held.asked.length === 1)
  const streaming = held.asked.splice(0)
  // A second one is cut: the replica is doubted, asked for a token, and answers again.
  const cut = scene.chat("tiny")
  await until(() => held.asked.length === 1)
  held.asked.splice(0)[0]!.response.destroy()
  await until(() => held.asked.length === 1)
  held.go()
  assert.match(await (await cut).text(), /late/)
  held.asked.push(...streaming)
  held.go()
  assert.match(await stream.text(), /be[\s\S]*gin[\s\S]*\[DONE\]/)
  assert.equal(scene.hives.length, 1)
})

test("a replica whose engine does not answer any more is ended and begun anew, though its member says nothing", async () => {
  await using scene = await ModelScene.start({
    modelLimits: { restMs: 5, planAgainMs: 20, probeMs: 100, probeAgainMs: 5, probeTries: 2, drainMs: 50 },
  })
  await servesTiny(scene)
  const { script } = scene.engine
  scene.engine.script = ({ response }) => void response.destroy()
  const asked = scene.chat("tiny")
  await scene.until("tiny", ({ replicas }) => replicas[0]?.losses === 1)
  scene.engine.script = script
  assert.equal((await asked).status, 200)
  assert.ok(scene.hives.length >= 2)
})

test("a host out of contact answers nothing; when it is back, the same hive does", async () => {
  await using scene = await ModelScene.start()
  const host = await servesTiny(scene)
  host.cut()
  const away = await scene.until("tiny", ({ state }) => state === "starting")
  assert.match(away.replicas[0]?.reason ?? "", /studio is out of contact/)
  const asked = scene.chat("tiny")
  host.connect()
  assert.equal((await asked).status, 200)
  assert.equal(scene.hives.length, 1)
})

test("a hive that says it is lost gets no more requests, and its reason is told", async () => {
  await using scene = await ModelScene.start()
  await servesTiny(scene)
  const [hive] = scene.hives
  scene.say(hive!, { hive: "lost", rank: 0, member: 0, code: "stuck", reason: "no token came for 120 s" })
  const model = await scene.until("tiny", ({ state }) => state === "starting")
  assert.match(model.replicas[0]?.reason ?? "", /no token came for 120 s \(studio\)/)
  const asked = scene.chat("tiny")
  hive!.host.finish(hive!.attempt, { exitCode: 75 })
  assert.equal((await asked).status, 200)
  assert.equal(scene.hives.length, 2)
})

test("who waits for the stream of a model that was idle hears how far it is", async () => {
  await using scene = await ModelScene.start({ gatewayLimits: { aliveMs: 20 } })
  await servesTiny(scene, { idleStopMs: 1_000 })
  await scene.untilState("tiny", "idle")
  scene.play = (hive) => scene.say(hive, { hive: "starting", rank: 0, step: "loading" })
  const stream = await scene.chat("tiny", { stream: true })
  let text = ""
  for await (const bytes of stream.body as AsyncIterable<Uint8Array>) {
    const isNews = !text.includes("loads the model")
    text += Buffer.from(bytes).toString()
    if (isNews && text.includes("loads the model")) scene.say(scene.hives.at(-1)!, ready())
  }
  assert.match(text, /: tiny is starting \(the engine loads the model\)\n\n/)
  assert.match(text, /Hello[\s\S]*\[DONE\]/)
})

test("a host to which memory did not come back after a hive is not used: the model waits and says why, or goes to another", async () => {
  await using scene = await ModelScene.start({ modelLimits: { restMs: 5, planAgainMs: 20 } })
  const host = await servesTiny(scene)
  host.leave({ strays: [], missingBytes: 8 * GIB })
  await until(async () => {
    const { hosts } = await scene.server.call<{ hosts: { withheld: object | null }[] }>("GET", "/v1/hosts")
    return hosts[0]?.withheld != null
  })
  scene.lose(scene.hives[0]!, "engine_ended", "it was killed")
  const waiting = await scene.until("tiny", ({ state, replicas }) => state === "waiting" && replicas[0]?.losses === 1)
  assert.match(waiting.replicas[0]?.lastLoss?.reason ?? "", /it was killed \(studio\)/)
  const told = await scene.until("tiny", ({ replicas }) =>
    /studio: 8 GB .* have not come back/.test(replicas[0]?.reason ?? ""),
  )
  assert.equal(told.state, "waiting")
  assert.equal(scene.hives.length, 1)
  const other = await scene.join("other")
  await scene.untilState("tiny", "ready")
  assert.deepEqual([scene.hives.length, scene.hives[1]?.host], [2, other])
})

test("a hive that is stopped for somebody's sake goes to another host that would take it at once", async () => {
  await using scene = await ModelScene.start({ modelLimits: { planAgainMs: 20 } })
  const host = await servesTiny(scene)
  const other = await scene.join("other")
  const [{ order }] = [...host.attempts.values()] as [SimulatedAttempt]
  const { attempt, sequence } = order
  host.tell({ type: "suspended", attempt, sequence, at: Date.now(), why: HERE, reactionMs: 1 })
  const asked = scene.chat("tiny")
  await until(() => scene.hives.length === 2)
  assert.equal(scene.hives[1]?.host, other)
  assert.equal((await asked).status, 200)
  assert.equal((await scene.model("tiny")).replicas[0]?.losses, 0)
})

test("a wish for another context has the hive begin anew, and one that was stopped begins again as it was", async () => {
  await using scene = await ModelScene.start()
  await servesTiny(scene, { contextTokens: 1_024 })
  await scene.serve("tiny", { data: null, file: null, contextTokens: 512 })
  await scene.until("tiny", ({ state }) => state === "ready" && scene.hives.length === 2)
  assert.deepEqual(
    scene.hives.map(({ order }) => order.contextTokens),
    [1_024, 512],
  )
  // What changes nothing of a hive leaves it alone.
  await scene.serve("tiny", { data: null, file: null, idleStopMs: 0 })
  await scene.server.call("POST", "/v1/hives/tiny/stop", {})
  await scene.untilState("tiny", "stopped")
  assert.equal(scene.hives.length, 2)
  await scene.serve("tiny", { data: null, file: null })
  const model = await scene.untilState("tiny", "ready")
  assert.deepEqual([model.options.contextTokens, model.options.idleStopMs], [512, null])
})

test("what is ready while the model is no more wanted does not come back", async () => {
  await using scene = await ModelScene.start()
  await scene.join("studio")
  await scene.store("tiny")
  scene.play = () => {}
  await scene.serve("tiny")
  await until(() => scene.hives.length === 1)
  await scene.server.call("POST", "/v1/hives/tiny/stop", {})
  scene.say(scene.hives[0]!, ready())
  const model = await scene.untilState("tiny", "stopped")
  assert.equal(model.replicas[0]?.job, null)
  assert.equal((await scene.chat("tiny")).status, 404)
})

test("a server that ends at any moment of a start, a loss or a stop has one hive at most, each begun once, and comes to what is wanted", async () => {
  await using scene = await ModelScene.start({ modelLimits: { restMs: 5, planAgainMs: 20, mostLosses: 1_000 } })
  const hosts = [await scene.join("alpha"), await scene.join("beta")]
  await scene.store("tiny")
  const running = () =>
    hosts.flatMap(({ attempts }) => [...attempts.values()].filter(({ phase }) => phase === "running")).length
  let most = 0
  scene.play = (hive) => {
    most = Math.max(most, running())
    if (scene.hives.length % 3 === 0) scene.lose(hive, "engine_ended", "it was to be lost")
    else scene.say(hive, ready())
  }
  for (let round = 0; round < 12; round++) {
    const isStop = round % 4 === 3
    if (isStop) await scene.server.call("POST", "/v1/hives/tiny/stop", {})
    else await scene.serve("tiny", round === 0 ? {} : { data: null, file: null, slots: 1 + (round % 3) })
    await new Promise((resolve) => setTimeout(resolve, round * 4))
    await scene.server.stop()
    await scene.server.start()
    if (round % 2 === 0) continue
    await scene.untilState("tiny", isStop ? "stopped" : "ready")
    assert.equal(running(), isStop ? 0 : 1)
  }
  assert.equal(most, 1)
  for (const { begun } of hosts) for (const times of begun.values()) assert.equal(times, 1)
  assert.deepEqual(scene.server.troubles, [])
})

test("no request fails that had no token yet when a replica is lost", async () => {
  await using scene = await ModelScene.start()
  await scene.join("alpha")
  await scene.join("beta")
  await scene.store("tiny")
  await scene.serve("tiny", { replicas: 2, slots: 16 })
  await scene.untilState("tiny", "ready")
  const held = heldBack(scene)
  const underWay = Array.from({ length: 24 }, () => scene.chat("tiny"))
  await until(() => held.asked.length === 24)
  const alive = () => held.asked.filter(({ request }) => !request.socket.destroyed)
  scene.lose(scene.hives[0]!, "engine_ended", "it was killed")
  await until(() => alive().length < 24)
  // They are asked again at the other, as far as it has slots, and at the first once that is back.
  await until(() => alive().length === 24 && held.asked.length > 24)
  held.go()
  const answers = await Promise.all(underWay)
  assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]))
  await scene.until("tiny", ({ state }) => state === "ready" && scene.hives.length === 3)
})

test("what one Mac holds is not split because that Mac is busy", async () => {
  await using scene = await ModelScene.start()
  const large = await scene.join("large", { memoryBytes: 16 * GIB })
  await scene.join("alpha", { memoryBytes: 6 * GIB })
  await scene.join("beta", { memoryBytes: 4 * GIB })
  large.script = runsOn
  const busy = await scene.server.submit({ host: "large", resources: { memoryBytes: 12 * GIB, gpus: 0, cores: 1 } })
  await scene.server.untilState(busy.id, "running")
  await scene.store("big", largeCache())
  await scene.serve("big", { contextTokens: LARGE_CACHE_TOKENS, slots: 1, trustsNetwork: true })
  const waiting = await scene.until("big", ({ replicas }) => replicas[0]?.job !== null)
  assert.deepEqual(
    waiting.replicas[0]?.plan?.members.map(({ hostName }) => hostName),
    ["large"],
  )
  assert.equal(waiting.state, "waiting")
  assert.equal((await scene.server.job(waiting.replicas[0]!.job!)).state, "queued")
})

test("a model whose weights were removed is not served again from them, and says so", async () => {
  await using scene = await ModelScene.start()
  await scene.join("alpha")
  await scene.store("tiny")
  await scene.serve("tiny")
  await scene.untilState("tiny", "ready")
  await scene.server.call("DELETE", "/v1/data/tiny?force=true")
  await scene.server.call("POST", "/v1/hives/tiny/stop", {})
  await scene.untilState("tiny", "stopped")
  await assert.rejects(scene.serve("tiny", { data: null }), {
    code: "wrong_state",
    message: /its weights, version 1 of the data tiny, were removed/,
  })
  await scene.store("other")
  assert.equal((await scene.serve("tiny", { data: "other", file: "out/other.gguf" })).weights.data, "other")
})
