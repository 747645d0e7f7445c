import assert from "node:assert/strict"
import { test } from "node:test"
import { LARGE_CACHE_TOKENS, LLAMA_3_8B, largeCache, smallModel } from "../../../test/support/hive-models.ts"
import { ModelScene, ready } from "../../../test/support/model-scene.ts"
import { plainPng } from "../../../test/support/plain-png.ts"
import { projectorHeader } from "../../../test/support/random-projector.ts"
import { WindfallError } from "../../protocol/errors.ts"
import type { WindfallEvent } from "../../protocol/events.ts"
import type { MadeKey } from "../../protocol/key-api.ts"

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
  const models = ["tiny", "tinny", "other"]
  const { unknownModels } = await scene.server.call<MadeKey>("POST", "/v1/keys", { name: "app", models })
  assert.deepEqual(unknownModels, [
    { name: "tinny", near: "tiny" },
    { name: "other", near: null },
  ])
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

test("a model whose weights see images is served with them, unless somebody says otherwise; others take none", async () => {
  await using scene = await ModelScene.start()
  await scene.join("studio")
  const { header, dataBytes } = projectorHeader({ width: 256 })
  const wholeProjector = Buffer.concat([header, Buffer.alloc(dataBytes)])
  await scene.store("sees", smallModel(), undefined, { "mmproj-F16.gguf": wholeProjector })
  await scene.store("blind")
  const image = { type: "image_url", image_url: { url: `data:image/png;base64,${plainPng(1).toString("base64")}` } }
  const messages = [{ role: "user", content: [image] }]
  assert.equal((await scene.serve("sees")).options.images, true)
  const seeing = await scene.untilState("sees", "ready")
  assert.equal(scene.hives.at(-1)?.order.projectorPath, "model/out/mmproj-F16.gguf")
  assert.equal((await scene.chat("sees", { messages })).status, 200)
  // Once it was said it holds until other weights are named.
  for (const asked of [{ images: false }, { data: null, file: null, slots: 3 }]) {
    const before = scene.hives.length
    assert.equal((await scene.serve("sees", asked)).options.images, false)
    const unseeing = await scene.until("sees", ({ state }) => state === "ready" && scene.hives.length > before)
    assert.equal(scene.hives.at(-1)?.order.projectorPath, null)
    const needOf = ({ replicas }: typeof seeing) => replicas[0]?.plan?.members[0]?.needBytes ?? 0
    assert.ok(needOf(unseeing) < needOf(seeing))
    const refusal = await scene.chat("sees", { messages })
    assert.deepEqual([refusal.status, /this model takes no images/.test(await refusal.text())], [400, true])
  }
  assert.equal((await scene.serve("sees", { images: null })).options.images, true)
  await refused(scene.serve("blind", { images: true }), "invalid_input", /no projector of images/, /mmproj/)
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
  await scene.store("large", largeCache())
  const small = { contextTokens: LARGE_CACHE_TOKENS, slots: 1 }
  const token = await scene.server.userToken("ada")
  await scene.store("hers", largeCache(), token)
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
  // The head sends its worker what that has of the model.
  for (const { order } of leases) assert.equal(order.data.length, order.member?.rank === 0 ? 1 : 0)
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

test("weights that lie on a host alone are refused, with the line that brings them from there", async () => {
  await using scene = await ModelScene.start()
  await scene.join("studio")
  await scene.server.call("PUT", "/v1/data/weights/place", { host: "studio", path: "/Volumes/of all" })
  const refusedWith = (hint: RegExp) => (error: unknown) => {
    assert.ok(error instanceof WindfallError && error.code === "wrong_state", String(error))
    assert.match(error.message, /^Cannot serve \w+: the data weights lies on studio alone/)
    assert.match(error.hint ?? "", hint)
    return true
  }
  await assert.rejects(
    scene.serve("tiny", { data: "weights", file: "m.gguf" }),
    refusedWith(
      /on studio, .* windfall model pull '\/Volumes\/of all\/m\.gguf' tiny +then: windfall model serve tiny tiny$/,
    ),
  )
  await assert.rejects(
    scene.serve("weights", { data: null, file: null }),
    refusedWith(/model pull '\/Volumes\/of all' weights-weights .* model serve weights weights-weights$/),
  )
})
