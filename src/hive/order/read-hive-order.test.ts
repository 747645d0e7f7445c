import assert from "node:assert/strict"
import { describe, it } from "node:test"
import { SOME_ORDER } from "../../../test/support/member-context.ts"
import { WindfallError } from "../../protocol/errors.ts"
import { readHiveNews } from "./hive-news.ts"
import { DEFAULT_LIMITS } from "./hive-order.ts"
import { readHiveOrder } from "./read-hive-order.ts"

/** Refused, and with neither of its keys in the text. */
function refused(order: unknown, place: string): void {
  assert.throws(
    () => readHiveOrder(typeof order === "string" ? order : JSON.stringify(order)),
    (error) => {
      assert.ok(error instanceof WindfallError && error.code === "invalid_input")
      assert.ok(error.message.includes(place), error.message)
      for (const secret of [SOME_ORDER.key, SOME_ORDER.engineKey]) assert.ok(!error.message.includes(secret))
      return true
    },
  )
}

describe("a hive's order", () => {
  it("is read as it was written", () => {
    assert.deepEqual(readHiveOrder(JSON.stringify(SOME_ORDER)), SOME_ORDER)
    const { limits: _, ...without } = SOME_ORDER
    assert.deepEqual(readHiveOrder(JSON.stringify(without)).limits, DEFAULT_LIMITS)
    assert.equal(readHiveOrder(JSON.stringify({ ...SOME_ORDER, limits: { loadMs: 7 } })).limits.loadMs, 7)
    const { projectorPath: __, ...older } = SOME_ORDER
    assert.equal(readHiveOrder(JSON.stringify(older)).projectorPath, null)
    const sees = { ...SOME_ORDER, projectorPath: "model/mmproj.gguf" }
    assert.equal(readHiveOrder(JSON.stringify(sees)).projectorPath, "model/mmproj.gguf")
    const embeds = { ...SOME_ORDER, purpose: "embeddings", batchTokens: 8_192 }
    assert.deepEqual(readHiveOrder(JSON.stringify(embeds)), embeds)
    assert.deepEqual(readHiveOrder(JSON.stringify({ ...SOME_ORDER, purpose: "text" })), SOME_ORDER)
  })

  it("is refused without any of its fields, with its place", () => {
    for (const field of Object.keys(SOME_ORDER)) {
      if (field !== "limits" && field !== "projectorPath") refused({ ...SOME_ORDER, [field]: undefined }, field)
      refused({ ...SOME_ORDER, [field]: [{}] }, field)
    }
    refused(`${SOME_ORDER.key} {`, "no JSON")
    refused("[]", "no object")
    refused({ ...SOME_ORDER, purpose: "ranks" }, "purpose")
    refused({ ...SOME_ORDER, purpose: "embeddings", engine: "mlx" }, "purpose: mlx makes no embeddings")
    refused({ ...SOME_ORDER, batchTokens: 0 }, "batchTokens")
  })

  it("is refused when a layer is missing, is there twice, or has nobody", () => {
    const members = (...all: readonly (readonly [number, number])[]) => ({
      ...SOME_ORDER,
      members: all.map(([firstLayer, layers]) => ({ modelPath: null, firstLayer, layers })),
    })
    refused(members([0, 2], [3, 4]), "layer 2 is next")
    refused(members([0, 3], [2, 4]), "layer 3 is next")
    refused(members([1, 2]), "layer 0 is next")
    refused(members([0, 2], [2, 0]), "members[1].layers")
    refused(members([0, 0]), "none has layers")
    refused(members(), "members")
    assert.ok(readHiveOrder(JSON.stringify(members([4, 2], [0, 4]))))
    assert.ok(readHiveOrder(JSON.stringify(members([0, 0], [0, 4]))))
  })

  it("in parts of layers has all of them on each", () => {
    const parts = (...all: readonly (readonly [number, number])[]) => ({
      ...SOME_ORDER,
      mode: "tensor",
      members: all.map(([firstLayer, layers]) => ({ modelPath: "model", firstLayer, layers })),
    })
    assert.ok(readHiveOrder(JSON.stringify(parts([0, 6], [0, 6]))))
    refused(parts([0, 6], [6, 6]), "members[1].firstLayer")
    refused(parts([0, 6], [0, 5]), "members[1].layers")
    refused(parts([0, 0], [0, 0]), "none has layers")
  })

  it("is refused with paths, numbers and limits that can mean nothing", () => {
    refused({ ...SOME_ORDER, members: [{ modelPath: "../x.gguf", firstLayer: 0, layers: 1 }] }, "modelPath")
    refused({ ...SOME_ORDER, projectorPath: "model/../../x.gguf" }, "projectorPath")
    refused({ ...SOME_ORDER, httpPort: 0 }, "httpPort")
    refused({ ...SOME_ORDER, slots: 1.5 }, "slots")
    refused({ ...SOME_ORDER, slots: 1000, contextTokens: 2 ** 24 }, "slots")
    refused({ ...SOME_ORDER, alias: "a\nb" }, "alias")
    refused({ ...SOME_ORDER, limits: { loadMS: 5 } }, "limits.loadMS")
    refused({ ...SOME_ORDER, limits: { pulseMs: 1000, silentMs: 2000 } }, "silentMs")
  })
})

describe("a member's news", () => {
  it("are told from whatever else it prints", () => {
    const ready = {
      hive: "ready",
      rank: 0,
      address: "127.0.0.1",
      port: 7,
      version: "1",
      placed: [],
      loadMs: 5,
    } as const
    assert.deepEqual(readHiveNews(JSON.stringify(ready)), ready)
    const odd = ["", "hive", '{"hive":', '{"hive":"ready","rank":0}', '{"hive":"new","rank":0}', '{"hive":"stopped"}']
    for (const line of [...odd, '{"hive":"lost","rank":0,"code":"new","reason":"x"}'])
      assert.equal(readHiveNews(line), null)
  })
})
