import assert from "node:assert/strict"
import { describe, it } from "node:test"
import fc from "fast-check"
import { ggufHeader, HeaderSource, type MetaValue, type TensorSpec } from "../../../test/support/gguf-file.ts"
import { denseModel, headerOf, LLAMA_3_70B, smallModel } from "../../../test/support/hive-models.ts"
import { WindfallError } from "../../protocol/errors.ts"
import { ggufModel } from "./gguf-model.ts"
import { ggufParts } from "./gguf-parts.ts"
import { readGguf } from "./read-gguf.ts"

const { signal } = new AbortController()

async function read(header: Uint8Array, sizeBytes?: number) {
  return ggufModel("model", [await readGguf(new HeaderSource("model.gguf", header, sizeBytes), signal)])
}

const refuses = (reason: RegExp) => (error: unknown) => {
  assert.ok(error instanceof WindfallError && error.code === "invalid_input", String(error))
  assert.match(error.message, /^Cannot read model\.gguf: /)
  assert.match(error.message, reason)
  return true
}

describe("the header of a GGUF file", () => {
  it("is read without the weights", async () => {
    const { header, dataBytes } = headerOf(denseModel(LLAMA_3_70B))
    const source = new HeaderSource("llama.gguf", header, header.length + dataBytes)
    assert.ok(source.sizeBytes > 35e9)
    await readGguf(source, signal)
    assert.ok(source.bytesRead < 3e6, `${source.bytesRead} bytes were read`)
  })

  it("is read where it goes over several ranges", async () => {
    const model = smallModel()
    const tokens = Array.from({ length: 200_000 }, (_, at) => `a token with a name, the ${at}th`)
    const { header, dataBytes } = headerOf({
      ...model,
      metadata: { ...model.metadata, "tokenizer.ggml.tokens": tokens },
    })
    assert.ok(header.length > 6e6)
    const facts = await read(header, header.length + dataBytes)
    assert.equal(facts.layers.length, 6)
  })

  it("alone is enough, and that is said", async () => {
    const { header, dataBytes } = headerOf(smallModel())
    const { lack } = await read(header)
    assert.deepEqual(lack, {
      file: "model.gguf",
      endsAtByte: header.length,
      neededToByte: header.length + dataBytes,
    })
    assert.equal((await read(header, header.length + dataBytes)).lack, null)
  })

  it("is refused where tensors have no numbers, lie in the same bytes or are of no type, or a number is none", async () => {
    const { metadata, tensors } = smallModel(1)
    const changed = (change: (tensor: TensorSpec) => object) =>
      tensors.map((one) => (one.name.includes("ffn_up") ? { ...one, ...change(one) } : one))
    const broken: readonly [RegExp, typeof tensors, Record<string, MetaValue>?][] = [
      [/tensor blk\.0\.ffn_up\.weight is of shape \[0, 0\]/, changed(() => ({ shape: [0, 0] }))],
      [/tensor blk\.0\.ffn_up\.weight is of type 9999/, changed(() => ({ type: 9_999 }))],
      [/tensors .* lie in the same bytes/, tensors.map((one) => ({ ...one, offset: 0 }))],
      [/tensors token_embd\.weight and .*ffn_up.* lie in the same bytes/, changed(() => ({ offset: 32 }))],
      [/llama\.rope\.freq_base is NaN/, tensors, { "llama.rope.freq_base": Number.NaN }],
      [/llama\.rope\.freq_base is 0/, tensors, { "llama.rope.freq_base": 0 }],
      [/llama\.rope\.scaling\.factor is NaN/, tensors, { "llama.rope.scaling.factor": Number.NaN }],
    ]
    for (const [reason, specs, more = {}] of broken) {
      const { header, dataBytes } = ggufHeader({ ...metadata, ...more }, specs)
      await assert.rejects(read(header, header.length + dataBytes), refuses(reason))
    }
  })

  it("of an unknown type of tensor is read by where the next one begins", async () => {
    const { metadata, tensors } = smallModel(1)
    const odd = tensors.map((tensor) => (tensor.name.includes("ffn_up") ? { ...tensor, type: 99 } : tensor))
    const { header, dataBytes } = ggufHeader(metadata, odd)
    const facts = await read(header, header.length + dataBytes)
    const plain = await read(headerOf(smallModel(1)).header)
    // The writer gives such a tensor a byte for each element.
    assert.equal(facts.layers[0]!.bytes - plain.layers[0]!.bytes, 256 * 512 - ((256 * 512) / 256) * 144)
  })
})

describe("a file that is cut", () => {
  const { header, dataBytes } = headerOf(smallModel())

  it("within its header is refused, wherever", async () => {
    for (let length = 0; length < header.length - 32; length += 7) {
      const reason =
        length < 4 ? /it is empty|no GGUF file/ : length < 24 ? /within its header/ : /within its header|damaged/
      await assert.rejects(read(header.subarray(0, length)), refuses(reason), `cut after ${length} bytes`)
    }
  })

  it("within its weights is refused, with how much there is", async () => {
    for (const [ends, all] of [
      [header.length + 1, header.length + dataBytes],
      [header.length + dataBytes - 64, header.length + dataBytes],
    ] as const)
      await assert.rejects(
        read(header, ends),
        refuses(new RegExp(`the file ends at byte ${ends}, its header names tensors up to byte ${all}$`)),
      )
  })
})

describe("a damaged header", () => {
  it("never gives anything but facts or a refusal", async () => {
    const { header } = headerOf(smallModel())
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(header.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 }),
        async (changes) => {
          const damaged = Uint8Array.from(header)
          for (const [at, byte] of changes) damaged[at] = byte
          try {
            const { layers } = await read(damaged)
            assert.ok(layers.every(({ bytes }) => Number.isFinite(bytes) && bytes >= 0))
          } catch (error) {
            assert.ok(error instanceof WindfallError && error.code === "invalid_input", String((error as Error).stack))
          }
        },
      ),
      { numRuns: 200 },
    )
  })

  it("of a large file is refused with its first range, whatever length in it is wrong", async () => {
    const { metadata, tensors } = smallModel()
    const tokens = Array.from({ length: 9_000 }, (_, at) => `token ${at}`)
    const kinds = new Int32Array(tokens.length).fill(1)
    const { header } = ggufHeader({ ...metadata, tokens, kinds }, tensors)
    const sizeBytes = 40e9
    const behind = (key: string) => header.indexOf(`\0${key}\t`) + 1 + key.length
    const length = (at: number, value: bigint) => [at, value] as const
    for (const [[at, value], reason] of [
      [length(8, 900_000n), /a text of 0 bytes \(the name of tensor \d+\)/],
      [length(8, 4_000_000_000n), /it tells of 4000000000 tensors/],
      [length(16, 90_000n), /a text of \d+ bytes \(key \d+\)/],
      [length(16, 2n ** 40n), /it tells of 1099511627776 keys/],
      [length(behind("tokens") + 8, 4_000_000_000n), /it tells of 4000000000 values in "tokens"/],
      [length(behind("tokens") + 8, 900_000n), /a text of \d+ bytes \("tokens"\)/],
      [length(behind("tokens") + 16, 2n ** 31n), /a text of 2147483648 bytes \("tokens"\)/],
      [length(behind("tokens") + 16, 9_000_000n), /a text of 9000000 bytes \("tokens"\)/],
      [length(behind("kinds") + 8, 300_000n), /a text of 0 bytes/],
    ] as const) {
      const damaged = Buffer.from(header)
      damaged.writeBigUInt64LE(value, at)
      const source = new HeaderSource("model.gguf", damaged, sizeBytes)
      await assert.rejects(readGguf(source, signal), refuses(reason))
      assert.ok(source.bytesRead <= 2_000_004, `${source.bytesRead} bytes were read of a file with ${value} at ${at}`)
    }
    // A list of lists, which nothing can load; among zeros it would go on for long.
    const nested = Buffer.from(header)
    nested.writeUInt32LE(9, behind("tokens") + 4)
    const refused = refuses(/"tokens" is a list of type 9, and there is none/)
    await assert.rejects(readGguf(new HeaderSource("model.gguf", nested, sizeBytes), signal), refused)
    // What other models have as well, and the file has no room for, is told as what it is.
    const cut = header.subarray(0, 60_000)
    await assert.rejects(read(cut), refuses(/the file ends at byte 60000, within its header/))
  })

  it("with a layer missing is refused", async () => {
    const { metadata, tensors } = smallModel()
    const { header } = ggufHeader(
      metadata,
      tensors.filter(({ name }) => !name.startsWith("blk.4.")),
    )
    await assert.rejects(read(header), refuses(/no tensors of layer 4 of its 6/))
  })

  it("with numbers that no model has is refused", async () => {
    const { metadata, tensors } = smallModel()
    const [odd, ...rest] = tensors
    for (const [keys, reason] of [
      [{ "general.alignment": 2 ** 31 - 1 }, /general\.alignment is 2147483647, which is no power of two/],
      [{ "llama.attention.head_count": 0 }, /llama\.attention\.head_count is 0/],
      [{ "llama.attention.head_count_kv": 0 }, /llama\.attention\.head_count_kv is 0/],
      [{ "llama.attention.head_count_kv": [1, 2, 3] }, /attention\.head_count_kv has 3 values for 6 layers/],
      [{ "llama.context_length": 0 }, /llama\.context_length is 0/],
      [{ "llama.expert_count": 2, "llama.expert_used_count": 500 }, /a token uses 500 of 2 experts/],
    ] as const)
      await assert.rejects(read(ggufHeader({ ...metadata, ...keys }, tensors).header), refuses(reason))
    const away = [...rest, { ...odd!, offset: 2 ** 62 }]
    await assert.rejects(read(ggufHeader(metadata, away).header), refuses(/is too large, or too far away/))
  })

  it("without an architecture is refused, as is what is no GGUF file", async () => {
    await assert.rejects(read(ggufHeader({ "general.name": "x" }, []).header), refuses(/general\.architecture/))
    await assert.rejects(read(Buffer.from("PK\u0003\u0004 something else")), refuses(/no GGUF file/))
  })
})

it("knows the parts of a model by the name of one", () => {
  assert.equal(ggufParts("model.gguf"), null)
  assert.deepEqual(ggufParts("m-Q4-00002-of-00003.gguf"), [
    "m-Q4-00001-of-00003.gguf",
    "m-Q4-00002-of-00003.gguf",
    "m-Q4-00003-of-00003.gguf",
  ])
  for (const odd of ["m-00000-of-00000.gguf", "m-00003-of-00002.gguf", "m-00000-of-00002.gguf"])
    assert.equal(ggufParts(odd), null)
})
