import assert from "node:assert/strict"
import { test } from "node:test"
import { headerOf, smallModel, wholeFile } from "../../../test/support/hive-models.ts"
import { HubScene, refused } from "../../../test/support/hub-scene.ts"

const WHOLE = wholeFile(smallModel(2))
const { header: HEADER } = headerOf(smallModel(2))

/** Repositories that are no models, and why. */
const NO_MODELS: Readonly<Record<string, { readonly files: Record<string, Buffer | string>; readonly why: RegExp }>> = {
  "lab/parts": {
    files: { "m-00001-of-00002.gguf": WHOLE, "m-00002-of-00002.gguf": WHOLE },
    why: /m-00001-of-00002\.gguf: by its name it is one of 2 parts, by its header one of 1/,
  },
  "lab/projector": { files: { "m.gguf": WHOLE, "mmproj-F16.gguf": WHOLE }, why: /mmproj-F16\.gguf: / },
  "lab/text": { files: { "m.gguf": "no model at all" }, why: /m\.gguf: it is no GGUF file/ },
  "lab/header": { files: { "m.gguf": HEADER }, why: /m\.gguf: the file ends at byte/ },
  "lab/config": { files: { "config.json": "{}", "model.safetensors": WHOLE }, why: /./ },
}

test("what is no model is refused by its headers, before anything of it comes", async () => {
  await using scene = await HubScene.start({ limits: { headers: { fromBytes: 0, withinMs: 60_000 } } })
  for (const [repository, { files, why }] of Object.entries(NO_MODELS)) {
    scene.hub.add(repository, files)
    await assert.rejects(scene.pull(repository), refused("invalid_input", why, /^/))
  }
  assert.deepEqual(await scene.server.call("GET", "/v1/pulls"), { pulls: [] })
  assert.deepEqual(await scene.server.call("GET", "/v1/data"), { data: [] })
  scene.hub.add("lab/whole", { "m.gguf": WHOLE })
  assert.equal((await scene.ended("lab/whole")).state, "done")
})

test("a small one is looked at when it is here, and one whose headers do not come in time; it makes no version either", async () => {
  const inTime = { limits: {}, of: NO_MODELS }
  const late = {
    limits: { stallMs: 200, headers: { fromBytes: 0, withinMs: 50 } },
    of: { "lab/parts": NO_MODELS["lab/parts"]! },
  }
  for (const { limits, of } of [inTime, late]) {
    await using scene = await HubScene.start({ limits })
    if (of !== NO_MODELS) scene.breaks((times) => (times < 1 ? { stallAfter: 0 } : null))
    for (const [repository, { files, why }] of Object.entries(of)) {
      scene.hub.add(repository, files)
      const { state, reason, name } = await scene.ended(repository)
      assert.equal(state, "failed")
      assert.match(reason ?? "", why)
      await assert.rejects(scene.data(name), refused("data_not_found", /./))
    }
  }
})
