import { closeSync, openSync, writeSync } from "node:fs"
import { trainVocabulary } from "./byte-pair-vocabulary.ts"
import { ggufHeader, type MetaValue, type TensorSpec } from "./gguf-file.ts"

export const ARCHITECTURES = ["llama", "qwen2", "qwen3", "qwen3moe"] as const
export type Architecture = (typeof ARCHITECTURES)[number]

export interface RandomModel {
  readonly architecture?: Architecture
  readonly layers?: number
  /** A multiple of 64. */
  readonly width?: number
  readonly contextTokens?: number
  /** As GGUF numbers it: 3 is the last token's vector. Without it, it writes text. */
  readonly pooling?: number
  readonly chatTemplate?: string
}

const HEADS = 4
const KV_HEADS = 2
const EXPERTS = 4
const ALIGNMENT = 32
export const F32 = 0
export const F16 = 1
/** Numbers are drawn from a table: quick also for hundreds of megabytes. */
export const TABLE = 4096

export const CHAT_TEMPLATE =
  "{%- for message in messages %}{{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}{%- endfor %}" +
  "{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}"

/**
 * Writes a model with random weights (always the same for the same arguments) and a real tokenizer. It speaks printable ASCII and never ends
 * by itself: output rows of all other tokens are zero, those of the printable ones large.
 */
export function writeRandomGguf(path: string, model: RandomModel = {}): void {
  const { architecture = "llama", layers = 6, width = 64, contextTokens = 2048, pooling } = model
  const { chatTemplate = CHAT_TEMPLATE } = model
  const vocabulary = trainVocabulary()
  const { tokens, merges, kinds, endOfText, endOfTurn, isPrintable } = vocabulary
  const headWidth = width / HEADS
  const feedForward = width * 2
  const hasExperts = architecture === "qwen3moe"
  const metadata: Record<string, MetaValue> = {
    "general.architecture": architecture,
    "general.name": `${architecture} of random numbers`,
    "general.file_type": 1,
    [`${architecture}.context_length`]: contextTokens,
    [`${architecture}.embedding_length`]: width,
    [`${architecture}.block_count`]: layers,
    [`${architecture}.feed_forward_length`]: feedForward,
    [`${architecture}.attention.head_count`]: HEADS,
    [`${architecture}.attention.head_count_kv`]: KV_HEADS,
    [`${architecture}.attention.layer_norm_rms_epsilon`]: 1e-5,
    [`${architecture}.attention.key_length`]: headWidth,
    [`${architecture}.attention.value_length`]: headWidth,
    [`${architecture}.rope.dimension_count`]: headWidth,
    ...(pooling === undefined ? {} : { [`${architecture}.pooling_type`]: pooling }),
    ...(hasExperts
      ? {
          [`${architecture}.expert_count`]: EXPERTS,
          [`${architecture}.expert_used_count`]: 2,
          [`${architecture}.expert_feed_forward_length`]: width,
        }
      : {}),
    "tokenizer.ggml.model": "gpt2",
    "tokenizer.ggml.pre": architecture === "llama" ? "llama-bpe" : "qwen2",
    "tokenizer.ggml.tokens": tokens,
    "tokenizer.ggml.token_type": Int32Array.from(kinds),
    "tokenizer.ggml.merges": merges,
    "tokenizer.ggml.bos_token_id": endOfText,
    "tokenizer.ggml.eos_token_id": endOfTurn,
    "tokenizer.ggml.padding_token_id": endOfText,
    "tokenizer.ggml.add_bos_token": false,
    "tokenizer.chat_template": chatTemplate,
  }
  const specs: (TensorSpec & { readonly fill: Fill })[] = []
  const matrix = (name: string, columns: number, rows: number, scale = 1) =>
    specs.push({ name, shape: [columns, rows], type: F16, fill: { scale: scale / Math.sqrt(columns) } })
  const vector = (name: string, size: number, scale?: number) =>
    specs.push({ name, shape: [size], type: F32, fill: scale === undefined ? "ones" : { scale } })
  matrix("token_embd.weight", width, tokens.length, Math.sqrt(width))
  vector("output_norm.weight", width)
  specs.push({
    name: "output.weight",
    shape: [width, tokens.length],
    type: F16,
    fill: { scale: 6 / Math.sqrt(width), rows: isPrintable },
  })
  for (let layer = 0; layer < layers; layer++) {
    const name = (part: string) => `blk.${layer}.${part}`
    vector(name("attn_norm.weight"), width)
    vector(name("ffn_norm.weight"), width)
    matrix(name("attn_q.weight"), width, width, 2)
    matrix(name("attn_k.weight"), width, KV_HEADS * headWidth, 2)
    matrix(name("attn_v.weight"), width, KV_HEADS * headWidth)
    matrix(name("attn_output.weight"), width, width)
    if (architecture === "qwen2") {
      vector(name("attn_q.bias"), width, 0.1)
      for (const part of ["attn_k.bias", "attn_v.bias"]) vector(name(part), KV_HEADS * headWidth, 0.1)
    }
    if (architecture === "qwen3" || hasExperts) {
      for (const part of ["attn_q_norm.weight", "attn_k_norm.weight"]) vector(name(part), headWidth)
    }
    if (hasExperts) {
      specs.push({ name: name("ffn_gate_inp.weight"), shape: [width, EXPERTS], type: F32, fill: { scale: 0.2 } })
      for (const part of ["ffn_gate_exps.weight", "ffn_up_exps.weight", "ffn_down_exps.weight"]) {
        const fill = { scale: 1 / Math.sqrt(width) }
        specs.push({ name: name(part), shape: [width, width, EXPERTS], type: F16, fill })
      }
    } else {
      for (const part of ["ffn_gate.weight", "ffn_up.weight"]) matrix(name(part), width, feedForward)
      matrix(name("ffn_down.weight"), feedForward, width)
    }
  }
  writeTensors(path, ggufHeader(metadata, specs).header, specs)
}

export type Fill = "ones" | { readonly scale: number; readonly rows?: readonly boolean[] }

export function writeTensors(
  path: string,
  header: Buffer,
  specs: readonly (TensorSpec & { readonly fill: Fill })[],
): void {
  const file = openSync(path, "w")
  try {
    writeSync(file, header)
    const draw = xorshift(0x9e3779b9)
    for (const { shape, type, fill } of specs) {
      const elements = shape.reduce((product, size) => product * size, 1)
      const bytes = type === F32 ? 4 * elements : 2 * elements
      const data = Buffer.alloc(Math.ceil(bytes / ALIGNMENT) * ALIGNMENT)
      const numbers = type === F32 ? new Float32Array(data.buffer, data.byteOffset, elements) : null
      const halves = numbers ?? new Uint16Array(data.buffer, data.byteOffset, elements)
      if (fill === "ones") halves.fill(1)
      else {
        const table = bellTable(fill.scale, type === F16)
        const [columns = 1] = shape
        for (let at = 0; at < elements; at++) {
          const drawn = table[draw() % TABLE] ?? 0
          if (fill.rows === undefined || fill.rows[Math.floor(at / columns)] === true) halves[at] = drawn
        }
      }
      writeSync(file, data)
    }
  } finally {
    closeSync(file)
  }
}

/** Numbers as a bell has them, each a sum of twelve even ones; as bits of halves where that is asked for. */
export function bellTable(scale: number, asHalves: boolean): readonly number[] {
  const draw = xorshift(0x1234567)
  return Array.from({ length: TABLE }, () => {
    let sum = -6
    for (let n = 0; n < 12; n++) sum += draw() / 0x1_0000_0000
    return asHalves ? halfBits(sum * scale) : sum * scale
  })
}

/** Bits of the nearest half-precision number; what is too small for a normal one is zero. */
function halfBits(value: number): number {
  const sign = value < 0 ? 0x8000 : 0
  const size = Math.abs(value)
  if (size < 2 ** -14) return sign
  const exponent = Math.floor(Math.log2(size))
  const fraction = Math.round((size / 2 ** exponent - 1) * 1024)
  return sign + ((exponent + 15) << 10) + fraction
}

/** Marsaglia's generator with 32 bits. */
export function xorshift(seed: number): () => number {
  let state = seed
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state >>> 0
  }
}
