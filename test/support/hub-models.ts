import { denseModel, headerOf, LLAMA_3_8B } from "./hive-models.ts"
import { safetensorsHeader } from "./safetensors-files.ts"

const F32 = 0
const SIZES = {
  ...LLAMA_3_8B,
  layers: 1,
  hidden: 32,
  heads: 1,
  kvHeads: 1,
  headSize: 32,
  feedForward: 32,
  vocabulary: 32,
}

/** These bytes, from 40,000 on, with the header of a small GGUF model in the place of their beginning. */
export function asGguf(bytes: Buffer): Buffer {
  const { header, dataBytes } = headerOf(denseModel(SIZES, F32))
  return begunWith(header, dataBytes, bytes)
}

/** What `model.safetensors` and `config.json` of a small model are; of the one with these bytes, as {@link asGguf}. */
export function asSafetensors(bytes: Buffer): { readonly "config.json": string; readonly "model.safetensors": Buffer } {
  const config = {
    model_type: "qwen2",
    num_hidden_layers: 1,
    hidden_size: 32,
    intermediate_size: 32,
    num_attention_heads: 1,
    num_key_value_heads: 1,
    vocab_size: 32,
    max_position_embeddings: 1024,
    tie_word_embeddings: true,
    torch_dtype: "bfloat16",
  }
  const matrix = { dtype: "BF16", shape: [32, 32] }
  const parts = ["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.o_proj", "mlp.down_proj"]
  const layer = parts.map((part) => [`model.layers.0.${part}.weight`, matrix] as const)
  const { header, dataBytes } = safetensorsHeader({ "model.embed_tokens.weight": matrix, ...Object.fromEntries(layer) })
  return { "config.json": JSON.stringify(config), "model.safetensors": begunWith(header, dataBytes, bytes) }
}

function begunWith(header: Buffer, dataBytes: number, bytes: Buffer): Buffer {
  if (bytes.length < header.length + dataBytes)
    throw new Error(`A model has ${header.length + dataBytes} bytes at least`)
  const model = Buffer.from(bytes)
  header.copy(model)
  return model
}
