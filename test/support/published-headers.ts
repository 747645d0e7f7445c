import type { MetaValue, TensorSpec } from "./gguf-file.ts"
import type { ModelHeader } from "./hive-models.ts"

const F32 = 0
const Q8_0 = 8
export const MXFP4 = 39

/** A tensor of a layer, without `blk.N.`: columns, rows, and how many of them (experts). */
export type Part = readonly [name: string, shape: readonly number[], type?: number]

export interface HeaderSpec {
  readonly arch: string
  readonly hidden: number
  readonly vocabulary: number
  readonly isTied?: boolean
  /** Without the architecture. */
  readonly keys: Readonly<Record<string, MetaValue>>
  readonly layers: readonly (readonly Part[])[]
}

/** The header of a GGUF file as llama.cpp's converter writes it, all matrices with eight bits. */
export function publishedHeader({ arch, hidden, vocabulary, isTied = false, keys, layers }: HeaderSpec): ModelHeader {
  const full = Object.fromEntries(Object.entries(keys).map(([key, value]) => [`${arch}.${key}`, value]))
  const table = (name: string): TensorSpec => ({ name, shape: [hidden, vocabulary], type: Q8_0 })
  return {
    metadata: {
      "general.architecture": arch,
      "general.file_type": 7,
      [`${arch}.block_count`]: layers.length,
      [`${arch}.embedding_length`]: hidden,
      ...full,
    },
    tensors: [
      table("token_embd.weight"),
      { name: "output_norm.weight", shape: [hidden], type: F32 },
      ...(isTied ? [] : [table("output.weight")]),
      ...layers.flatMap((parts, at) =>
        parts.map(([name, shape, type = Q8_0]) => ({ name: `blk.${at}.${name}.weight`, shape, type })),
      ),
    ],
  }
}

export function times(count: number, layer: (at: number) => readonly Part[]): (readonly Part[])[] {
  return Array.from({ length: count }, (_, at) => [["attn_norm", [32], F32], ...layer(at)])
}

export function attention(hidden: number, heads: number, kv: number, size: number): Part[] {
  return [
    ["attn_q", [hidden, heads * size]],
    ["attn_k", [hidden, kv * size]],
    ["attn_v", [hidden, kv * size]],
    ["attn_output", [heads * size, hidden]],
  ]
}

export function feedForward(hidden: number, size: number): Part[] {
  return [
    ["ffn_gate", [hidden, size]],
    ["ffn_up", [hidden, size]],
    ["ffn_down", [size, hidden]],
  ]
}

/** @param shared of the experts that every token uses, together; 0: none */
export function experts(hidden: number, count: number, size: number, shared = 0, type = Q8_0): Part[] {
  const always: Part[] = [
    ["ffn_gate_shexp", [hidden, shared]],
    ["ffn_up_shexp", [hidden, shared]],
    ["ffn_down_shexp", [shared, hidden]],
  ]
  return [
    ["ffn_gate_inp", [hidden, count], F32],
    ["ffn_gate_exps", [hidden, size, count], type],
    ["ffn_up_exps", [hidden, size, count], type],
    ["ffn_down_exps", [size, hidden, count], type],
    ...(shared > 0 ? always : []),
  ]
}

/** Multi-head latent attention with sizes of DeepSeek's: 512 + 64, heads of 128 + 64 and 128. @param queryRank 0: not compressed */
export function latentAttention(hidden: number, heads: number, queryRank: number): Part[] {
  const query: Part[] =
    queryRank === 0
      ? [["attn_q", [hidden, heads * 192]]]
      : [
          ["attn_q_a", [hidden, queryRank]],
          ["attn_q_b", [queryRank, heads * 192]],
        ]
  return [
    ...query,
    ["attn_kv_a_mqa", [hidden, 576]],
    ["attn_k_b", [128, 512, heads]],
    ["attn_v_b", [512, 128, heads]],
    ["attn_output", [heads * 128, hidden]],
  ]
}

/** A layer of Mamba. @param columns of its first matrix */
export function mamba(hidden: number, inner: number, columns: number): Part[] {
  return [
    ["ssm_in", [hidden, columns]],
    ["ssm_conv1d", [4, inner], F32],
    ["ssm_out", [inner, hidden]],
  ]
}
