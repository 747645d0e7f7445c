import assert from "node:assert/strict"
import { describe, it } from "node:test"
import { ggufHeader } from "../../../test/support/gguf-file.ts"
import { headerOf, smallModel } from "../../../test/support/hive-models.ts"
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

  it("beside another one must be named; projectors of images do not count", async () => {
    const one = file(headerOf(smallModel(2)))
    const folder = new FilesInMemory({ "a.gguf": one, "mmproj-a.gguf": one })
    const model = await readModel(folder, null, signal)
    assert.equal(model.name, "a")
    assert.match(model.notes.join(), /mmproj-a\.gguf, by which it sees images/)
    await assert.rejects(
      readModel(new FilesInMemory({ "a.gguf": one, "b.gguf": one }), null, signal),
      refuses("invalid_input", /2 models: a\.gguf, b\.gguf/),
    )
  })
})
