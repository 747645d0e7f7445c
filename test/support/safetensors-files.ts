import type { ByteSource, ModelFolder } from "../../src/hive/model/byte-source.ts"
import { WindfallError } from "../../src/protocol/errors.ts"
import { HeaderSource } from "./gguf-file.ts"

export interface StoredSpec {
  readonly dtype: string
  readonly shape: readonly number[]
}

const SIZES: Readonly<Record<string, number>> = { F32: 4, F16: 2, BF16: 2, U32: 4 }

/** The header of a safetensors file, and how many bytes its weights would take. */
export function safetensorsHeader(tensors: Readonly<Record<string, StoredSpec>>): {
  header: Buffer
  dataBytes: number
} {
  let offset = 0
  const listed = Object.entries(tensors).map(([name, { dtype, shape }]) => {
    const from = offset
    offset += shape.reduce((product, size) => product * size, 1) * (SIZES[dtype] ?? 1)
    return [name, { dtype, shape, data_offsets: [from, offset] }] as const
  })
  const json = Buffer.from(JSON.stringify({ __metadata__: { format: "mlx" }, ...Object.fromEntries(listed) }))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(json.length))
  return { header: Buffer.concat([length, json]), dataBytes: offset }
}

/** Files that are headers or texts, as a folder. */
export class FilesInMemory implements ModelFolder {
  readonly name = "model"
  readonly #files: Readonly<Record<string, { readonly bytes: Uint8Array; readonly sizeBytes: number }>>

  constructor(files: Readonly<Record<string, object | { readonly bytes: Uint8Array; readonly sizeBytes: number }>>) {
    this.#files = Object.fromEntries(
      Object.entries(files).map(([name, content]) => {
        if ("bytes" in content && "sizeBytes" in content) return [name, content]
        const bytes = Buffer.from(JSON.stringify(content))
        return [name, { bytes, sizeBytes: bytes.length }]
      }),
    )
  }

  get files(): readonly string[] {
    return Object.keys(this.#files)
  }

  async open(file: string): Promise<ByteSource> {
    const found = this.#files[file]
    if (found === undefined) throw new WindfallError("file_not_found", `Cannot read ${file}: it is not there`)
    return new HeaderSource(file, found.bytes, found.sizeBytes)
  }
}

/** A small Qwen2 as transformers and mlx-lm write it, quantised to four bits or not. */
export function smallQwen2(
  layers: number,
  isQuantised: boolean,
): { config: object; tensors: Record<string, StoredSpec> } {
  const [hidden, feedForward, vocabulary, kv] = [256, 512, 1024, 128]
  const config = {
    model_type: "qwen2",
    num_hidden_layers: layers,
    hidden_size: hidden,
    intermediate_size: feedForward,
    num_attention_heads: 4,
    num_key_value_heads: 2,
    vocab_size: vocabulary,
    max_position_embeddings: 32768,
    tie_word_embeddings: false,
    torch_dtype: "bfloat16",
    ...(isQuantised ? { quantization: { group_size: 64, bits: 4 } } : {}),
  }
  const tensors: Record<string, StoredSpec> = {}
  const matrix = (name: string, out: number, from: number) => {
    if (!isQuantised) tensors[`${name}.weight`] = { dtype: "BF16", shape: [out, from] }
    else {
      tensors[`${name}.weight`] = { dtype: "U32", shape: [out, from / 8] }
      tensors[`${name}.scales`] = { dtype: "BF16", shape: [out, from / 64] }
      tensors[`${name}.biases`] = { dtype: "BF16", shape: [out, from / 64] }
    }
  }
  matrix("model.embed_tokens", vocabulary, hidden)
  for (let at = 0; at < layers; at++) {
    const layer = `model.layers.${at}`
    tensors[`${layer}.input_layernorm.weight`] = { dtype: "BF16", shape: [hidden] }
    matrix(`${layer}.self_attn.q_proj`, hidden, hidden)
    matrix(`${layer}.self_attn.k_proj`, kv, hidden)
    matrix(`${layer}.self_attn.v_proj`, kv, hidden)
    matrix(`${layer}.self_attn.o_proj`, hidden, hidden)
    matrix(`${layer}.mlp.gate_proj`, feedForward, hidden)
    matrix(`${layer}.mlp.up_proj`, feedForward, hidden)
    matrix(`${layer}.mlp.down_proj`, hidden, feedForward)
  }
  tensors["model.norm.weight"] = { dtype: "BF16", shape: [hidden] }
  matrix("lm_head", vocabulary, hidden)
  return { config, tensors }
}
