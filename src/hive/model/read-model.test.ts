import assert from "node:assert/strict"
import { describe, it } from "node:test"
import { ggufHeader } from "../../../test/support/gguf-file.ts"
import { headerOf, smallModel } from "../../../test/support/hive-models.ts"
import { projectorHeader } from "../../../test/support/random-projector.ts"
import { FilesInMemory } from "../../../test/support/safetensors-files.ts"
import { WindfallError } from "../../protocol/errors.ts"
import { weightBytes } from "./model-facts.ts"
import { readModel } from "./read-model.ts"

const { signal } = new AbortController()
const file = ({ header, dataBytes }: ReturnType<typeof ggufHeader>) => ({
  bytes: header,
  sizeBytes: header.length + dataBytes,
})

const refuses = (code: string, reason: RegExp) => (error: unknown) => {
  assert.ok(error instanceof WindfallError && error.code === code, String(error))
  assert.match(error.message, reason)
  return true
}

describe("a GGUF model", () => {
  const { metadata, tensors } = smallModel(4)
  const parts = (count: number) =>
    Object.fromEntries(
      Array.from({ length: count }, (_, at) => {
        const own = tensors.filter((_, place) => place % count === at)
        const keys =
          at === 0 ? { ...metadata, "split.count": count } : { "general.architecture": "llama", "split.no": at }
        return [`m-0000${at + 1}-of-0000${count}.gguf`, file(ggufHeader(keys, own))]
      }),
    )

  it("in several parts is read by any of them, and the folder's name does", async () => {
    const whole = await readModel(new FilesInMemory({ "m.gguf": file(headerOf(smallModel(4))) }), "m.gguf", signal)
    for (const named of ["m-00001-of-00003.gguf", "m-00003-of-00003.gguf", null]) {
      const model = await readModel(new FilesInMemory(parts(3)), named, signal)
      assert.deepEqual([model.name, model.layers.length], ["m", 4])
      assert.equal(weightBytes(model), weightBytes(whole))
    }
  })

  it("lacking a part is refused, by whichever name", async () => {
    const { "m-00002-of-00003.gguf": _, ...rest } = parts(3)
    const folder = new FilesInMemory(rest)
    await assert.rejects(
      readModel(folder, "m-00001-of-00003.gguf", signal),
      refuses("file_not_found", /m-00002-of-00003\.gguf is missing/),
    )
    const renamed = new FilesInMemory({ "m.gguf": parts(3)["m-00001-of-00003.gguf"]! })
    await assert.rejects(readModel(renamed, "m.gguf", signal), refuses("invalid_input", /one of 3 parts/))
  })

  it("with the name of a part that there cannot be is refused", async () => {
    const bytes = file(headerOf(smallModel(2)))
    for (const odd of ["m-00000-of-00000.gguf", "m-00003-of-00002.gguf", "m-00000-of-00002.gguf"])
      for (const named of [odd, null])
        await assert.rejects(
          readModel(new FilesInMemory({ [odd]: bytes }), named, signal),
          refuses("invalid_input", /Cannot read m-0000\d-of-0000\d\.gguf: by its name it is part \d of \d, and parts/),
        )
  })

  it("of which parts are another's, or in another order, is refused", async () => {
    const { "m-00001-of-00003.gguf": one, "m-00002-of-00003.gguf": two, "m-00003-of-00003.gguf": three } = parts(3)
    const refused = async (files: Record<string, typeof one>, reason: RegExp) =>
      assert.rejects(
        readModel(new FilesInMemory(files as never), "m-00001-of-00003.gguf", signal),
        refuses("invalid_input", reason),
      )
    const named = (...files: (typeof one)[]) =>
      Object.fromEntries(files.map((each, at) => [`m-0000${at + 1}-of-00003.gguf`, each]))
    await refused(named(one, three, two), /by its header it is part 3, by its name part 2/)
    await refused(named(one, two, parts(2)["m-00002-of-00002.gguf"]), /by its header it is part 2, by its name part 3/)
    const third = (keys: Record<string, string | number>, own: typeof tensors) =>
      file(ggufHeader({ "split.no": 2, ...keys }, own))
    const own = tensors.filter((_, place) => place % 3 === 2)
    await refused(named(one, two, third({ "general.architecture": "qwen3" }, own)), /part of another model/)
    await refused(named(one, two, third({ "split.count": 4 }, own)), /another model.*split\.count differs/)
    await refused(named(one, two, third({}, tensors.slice(0, 4))), /tensor .* is in it and in m-0000/)
    const counted = file(
      ggufHeader(
        { ...metadata, "split.count": 3, "split.tensors.count": tensors.length },
        tensors.filter((_, place) => place % 3 === 0),
      ),
    )
    assert.equal(
      (await readModel(new FilesInMemory(named(counted, two, three) as never), null, signal)).layers.length,
      4,
    )
    await refused(named(counted, two, third({}, own.slice(1))), /tells \d+ tensors in all parts, and there are \d+/)
    await refused(
      named(file(ggufHeader(metadata, tensors)), file(ggufHeader({}, [])), file(ggufHeader({}, []))),
      /by its name it is one of 3 parts, by its header one of 1/,
    )
  })

  it("is known by its first bytes where its name does not tell", async () => {
    const folder = new FilesInMemory({ blob: file(headerOf(smallModel(2))), other: {} })
    assert.equal((await readModel(folder, "blob", signal)).layers.length, 2)
    await assert.rejects(
      readModel(folder, "other", signal),
      refuses("invalid_input", /neither a GGUF nor a safetensors/),
    )
  })

  it("of what has no such layers is refused by its architecture", async () => {
    const keys = { "general.architecture": "t5", "t5.block_count": 2 }
    const t5 = ggufHeader(keys, [{ name: "enc.blk.0.attn_q.weight", shape: [32, 32], type: 0 }])
    await assert.rejects(
      readModel(new FilesInMemory({ "t.gguf": file(t5) }), "t.gguf", signal),
      refuses("invalid_input", /architecture "t5"/),
    )
  })

  it("sees images by the projector beside it, if that is its own", async () => {
    const one = file(headerOf(smallModel(2)))
    const own = projectorHeader({ width: 256 })
    const folder = new FilesInMemory({ "a.gguf": one, "mmproj-a.gguf": file(own) })
    const { name, projector, notes } = await readModel(folder, null, signal)
    assert.deepEqual(
      [name, projector?.file, projector?.bytes, projector?.seesImages, notes],
      ["a", "mmproj-a.gguf", own.dataBytes, true, []],
    )
    // 8 x 8 patches, a batch of floats: eight results of 32 and two of 64; and 32 images of 64 x 64 before that.
    assert.equal(projector?.computeBytes, 64 * 4 * (8 * 32 + 2 * 64) + 30 * 32 * 64 ** 2)
    assert.equal((await readModel(folder, "a.gguf", signal, false)).projector, null)
    const others = { "a.gguf": one, "mmproj-F16.gguf": file(projectorHeader({ width: 512 })) }
    const without = await readModel(new FilesInMemory(others), null, signal)
    assert.equal(without.projector, null)
    assert.match(
      without.notes.join(),
      /mmproj-F16\.gguf is not its own: that makes vectors of 512 numbers, and it takes 256/,
    )
    const second = await readModel(new FilesInMemory({ ...others, "mmproj-Q8_0.gguf": file(own) }), null, signal)
    assert.equal(second.projector?.file, "mmproj-Q8_0.gguf")
    const ears = file(projectorHeader({ width: 256, sees: false }))
    assert.equal(
      (await readModel(new FilesInMemory({ "a.gguf": one, "mmproj.gguf": ears }), null, signal)).projector?.seesImages,
      false,
    )
    await assert.rejects(
      readModel(new FilesInMemory({ "a.gguf": one, "mmproj-a.gguf": one }), null, signal),
      refuses("invalid_input", /mmproj-a\.gguf: it is no projector of images: its architecture is "llama"/),
    )
    for (const [change, why] of [
      [{ imageSize: 0 }, /clip\.vision\.image_size is 0$/],
      [{ lacksLayer: 0 }, /clip\.vision\.block_count is 2, and it lists no tensors of v\.blk\.0$/],
      [{ lacksLayer: 1 }, /clip\.vision\.block_count is 2, and it lists no tensors of v\.blk\.1$/],
      [{ oddType: 99 }, /tensor mm\.soft_emb_norm\.weight is of type 99, which nobody knows$/],
    ] as const) {
      const damaged = new FilesInMemory({
        "a.gguf": one,
        "mmproj-a.gguf": file(projectorHeader({ width: 256, ...change })),
      })
      await assert.rejects(readModel(damaged, null, signal), (error) => {
        assert.match((error as WindfallError).hint ?? "", /--no-images/)
        return (
          refuses("invalid_input", why)(error) && refuses("invalid_input", /mmproj-a\.gguf: its header is dam/)(error)
        )
      })
      assert.equal((await readModel(damaged, null, signal, false)).projector, null)
    }
  })

  it("beside another one must be named; projectors of images do not count", async () => {
    const one = file(headerOf(smallModel(2)))
    await assert.rejects(
      readModel(new FilesInMemory({ "a.gguf": one, "b.gguf": one }), null, signal),
      refuses("invalid_input", /2 models: a\.gguf, b\.gguf/),
    )
  })
})
