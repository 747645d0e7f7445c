import assert from "node:assert/strict"
import { randomBytes } from "node:crypto"
import { readdirSync, writeFileSync } from "node:fs"
import { describe, it } from "node:test"
import { headerOf, smallModel } from "../../../test/support/hive-models.ts"
import { asGguf } from "../../../test/support/hub-models.ts"
import { HubScene, LARGE, ONE_CONNECTION, refused, SMALL } from "../../../test/support/hub-scene.ts"
import type { Fault } from "../../../test/support/hub-server.ts"
import { MovedClock } from "../../../test/support/moved-clock.ts"
import { safetensorsHeader, smallQwen2 } from "../../../test/support/safetensors-files.ts"
import { HUB_LIMITS } from "../../hub/hub.ts"
import type { PullView } from "../../protocol/pull-api.ts"
import { CHUNK_BYTES } from "../../workspace/tree.ts"
import { KEEP_LOOSE_BLOBS_MS } from "../limits.ts"
import { tidy } from "../retention.ts"

describe("a model of a hub", () => {
  it("becomes named data, and nothing else of its repository is fetched", async () => {
    await using scene = await HubScene.start()
    const done = await scene.ended("lab/tiny-GGUF", { pick: "q8_0", shared: true })
    assert.deepEqual([done.state, done.name, done.version, done.doneBytes], ["done", "tiny-Q8_0", 1, SMALL.length])
    assert.deepEqual(await scene.files("tiny-Q8_0"), new Map([["tiny-Q8_0.gguf", SMALL]]))
    assert.equal((await scene.data("tiny-Q8_0")).shared, true)
    assert.equal(scene.hub.fetched.length, 1)
    const { name } = await scene.ended("lab/qwen")
    assert.deepEqual([...(await scene.files(name)).keys()], ["config.json", "model.safetensors", "tokenizer.json"])
    assert.ok(!scene.hub.asked.some(({ path }) => /\.py|\.bin/.test(path)))
  })

  it("is never fetched again where it lies, under whatever name", async () => {
    await using scene = await HubScene.start()
    assert.equal((await scene.ended("lab/large")).fetchedBytes, LARGE.length)
    const before = scene.hub.fetched.length
    const again = await scene.ended("lab/large")
    assert.deepEqual([again.state, again.version, again.fetchedBytes], ["done", 1, 0])
    scene.hub.add("lab/copy", { "copy-Q4_K_M.gguf": LARGE })
    assert.equal((await scene.ended("lab/copy", { name: "mine" })).fetchedBytes, 0)
    assert.equal(scene.hub.fetched.length, before)
    assert.ok((await scene.files("mine")).get("copy-Q4_K_M.gguf")?.equals(LARGE))
  })

  it("is not fetched where a folder brought it, or somebody shares it; else it is, as nobody has what others have", async () => {
    await using scene = await HubScene.start()
    const ada = await scene.server.userToken("ada")
    await scene.ended("lab/large", { shared: true })
    // As if a folder had brought it: nobody knows its sha256.
    scene.server.running.core.store.database.execute("DELETE FROM known_contents")
    assert.equal((await scene.ended("lab/large", { name: "again" })).fetchedBytes, 0)
    assert.equal((await scene.ended("lab/large", { name: "hers" }, ada)).fetchedBytes, 0)
    assert.ok((await scene.files("hers", "ada")).get("large-Q4_K_M.gguf")?.equals(LARGE))
    await scene.ended("lab/tiny-GGUF", { pick: "Q8_0" })
    const own = await scene.ended("lab/tiny-GGUF", { pick: "Q8_0", name: "her-own" }, ada)
    assert.equal(own.fetchedBytes, SMALL.length)
  })

  it("goes on where it was when the server ended, and when it was stopped", async () => {
    await using scene = await HubScene.start()
    const { server, hub } = scene
    scene.breaks(() => ({ stallAfter: CHUNK_BYTES + 500_000 }))
    const limits = { ...HUB_LIMITS, stallMs: 60_000, ranges: ONE_CONNECTION }
    await server.stop()
    await using patient = await HubScene.start({ hub: { url: new URL(hub.url), limits } })
    const { id } = await patient.pull("lab/large")
    const seen = await patient.until(id, ({ doneBytes }) => doneBytes >= CHUNK_BYTES + 400_000)
    assert.equal(seen.state, "pulling")
    await patient.server.stop()
    scene.breaks(() => null)
    const before = hub.fetched.length
    await patient.server.start()
    const done = await patient.until(id, ({ state }) => state !== "pulling")
    assert.deepEqual([done.state, done.version], ["done", 1])
    assert.ok(done.fetchedBytes < LARGE.length - CHUNK_BYTES - 300_000, `${done.fetchedBytes}`)
    assert.equal(hub.fetched.length, before + 1)
    assert.ok((await patient.files("large-Q4_K_M")).get("large-Q4_K_M.gguf")?.equals(LARGE))
    assert.deepEqual(readdirSync(patient.server.folder.at("data/pulls")), [])
  })

  it("comes right though a chunk of it was damaged meanwhile", async () => {
    await using scene = await HubScene.start()
    const { core } = scene.server.running
    scene.breaks((times) => (times === 0 ? { cutAfter: CHUNK_BYTES + 100_000 } : { status: 404 }))
    const failed = await scene.ended("lab/large")
    assert.deepEqual([failed.state, core.store.pulls.chunksOf("admin").length], ["failed", 1])
    assert.match(failed.reason ?? "", /HTTP 404 \(tried 4 times\)/)
    const { blobs } = core.blobs.of("admin")
    const [chunk] = core.store.pulls.chunksOf("admin")
    writeFileSync(blobs.path(chunk!), Buffer.alloc(CHUNK_BYTES, 8))
    scene.breaks(() => null)
    assert.equal((await scene.ended("lab/large")).state, "done")
    assert.ok((await scene.files("large-Q4_K_M")).get("large-Q4_K_M.gguf")?.equals(LARGE))
  })

  it("is kept from tidying up on its way, and not for ever when nobody fetches it any more", async () => {
    const clock = new MovedClock()
    await using scene = await HubScene.start({
      clock,
      hub: { limits: { ...HUB_LIMITS, stallMs: 60_000, ranges: ONE_CONNECTION } },
    })
    const { core } = scene.server.running
    scene.breaks(() => ({ stallAfter: CHUNK_BYTES + 100_000 }))
    const { id } = await scene.pull("lab/large")
    await scene.until(id, ({ doneBytes }) => doneBytes > CHUNK_BYTES)
    const { blobs } = core.blobs.of("admin")
    const [chunk] = core.store.pulls.chunksOf("admin")
    clock.advance(KEEP_LOOSE_BLOBS_MS * 3)
    await tidy(core)
    assert.ok(blobs.has(chunk!))
    const stopped = await scene.server.call<PullView>("DELETE", `/v1/pulls/${id}`)
    assert.deepEqual([stopped.state, stopped.reason], ["cancelled", "admin stopped it"])
    await tidy(core)
    assert.ok(!blobs.has(chunk!))
    assert.deepEqual([core.store.pulls.chunksOf("admin"), readdirSync(scene.server.folder.at("data/pulls"))], [[], []])
  })
})

describe("a hub that lies", () => {
  it("about a hash makes no version, and is asked a bounded number of times", async () => {
    await using scene = await HubScene.start()
    scene.hub.claims = () => ({ sha256: "0".repeat(64) })
    const failed = await scene.ended("lab/tiny-GGUF", { pick: "Q8_0" })
    assert.equal(failed.state, "failed")
    assert.match(failed.reason ?? "", /another sha256 than the hub says\. It was begun 3 times/)
    assert.equal(scene.hub.fetched.length, 3)
    await assert.rejects(scene.data("tiny-Q8_0"), refused("data_not_found", /tiny-Q8_0/))
  })

  it("as it was given a file that is cut itself, or a header alone, makes no version", async () => {
    await using scene = await HubScene.start()
    const { header, dataBytes } = headerOf(smallModel(2))
    const whole = Buffer.concat([header, Buffer.alloc(dataBytes)])
    const { config, tensors } = smallQwen2(2, false)
    const cut = {
      "lab/header": { "m.gguf": header },
      "lab/cut": { "m.gguf": whole.subarray(0, whole.length - 64) },
      "lab/mlx": { "config.json": JSON.stringify(config), "model.safetensors": safetensorsHeader(tensors).header },
    }
    for (const [repository, files] of Object.entries<Record<string, Buffer | string>>(cut)) {
      scene.hub.add(repository, files)
      const { state, reason, name } = await scene.ended(repository)
      assert.equal(state, "failed")
      assert.match(reason ?? "", new RegExp(`Cannot pull ${repository}: m\\S+: the file ends at byte \\d+, its header`))
      await assert.rejects(scene.data(name), refused("data_not_found", /./))
    }
    scene.hub.add("lab/whole", { "m.gguf": whole })
    assert.equal((await scene.ended("lab/whole")).state, "done")
  })

  it("about a length makes none either", async () => {
    await using scene = await HubScene.start()
    for (const bytes of [SMALL.length + 10, SMALL.length - 10]) {
      scene.hub.claims = () => ({ bytes })
      const failed = await scene.ended("lab/tiny-GGUF", { pick: "Q8_0" })
      assert.match(failed.reason ?? "", /it has 200000 bytes, and the hub says/)
    }
    scene.hub.claims = () => ({})
    scene.breaks(() => ({ claimBytes: SMALL.length, bytes: SMALL.subarray(0, 1_000) }))
    assert.equal((await scene.ended("lab/tiny-GGUF", { pick: "Q8_0" })).state, "failed")
  })

  it("once, or changes the file between two ranges, does no harm: it is begun anew", async () => {
    await using scene = await HubScene.start()
    const other = asGguf(randomBytes(SMALL.length))
    const faults: readonly ((times: number) => Fault | null)[] = [
      (times) => (times === 0 ? { bytes: other } : null),
      (times) => (times === 0 ? { cutAfter: 70_000, bytes: other } : null),
      (times) => (times === 0 ? { cutAfter: 70_000 } : times === 1 ? { bytes: other, ignoreRange: true } : null),
    ]
    for (const [at, fault] of faults.entries()) {
      const file = asGguf(randomBytes(SMALL.length))
      scene.hub.add(`lab/model-${at}`, { [`m-${at}.gguf`]: file })
      scene.breaks(fault)
      const { state, reason, name } = await scene.ended(`lab/model-${at}`)
      assert.equal(state, "done", reason ?? "")
      assert.deepEqual(await scene.files(name), new Map([[`m-${at}.gguf`, file]]))
    }
  })
})
