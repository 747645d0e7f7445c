import {
  attention,
  experts,
  feedForward,
  type HeaderSpec,
  latentAttention,
  MXFP4,
  mamba,
  times,
} from "./published-headers.ts"

export const C = 32_768
/** Of keys and values, halves: layers, heads, size of each, tokens. */
export const kv = (layers: number, heads: number, size: number, tokens = C) => layers * 2 * heads * size * 2 * tokens
/** Of a compressed vector. */
export const mla = (layers: number, size = 576) => layers * size * 2 * C
/** Of Mamba, floats: layers, inner size, size of the state, groups. */
export const ssm = (layers: number, inner: number, state: number, groups: number) =>
  layers * 4 * (3 * (inner + 2 * groups * state) + state * inner)

export interface PublishedModel extends HeaderSpec {
  readonly name: string
  /** Of one conversation of 32,768 tokens, by what is published of the model. */
  readonly cache: number
  /** Billions, as published; all, and those a token uses where it has experts, with the output and without the table of embeddings. */
  readonly billions: readonly [all: number, active?: number]
}

export function keysOf(
  heads: number,
  kvHeads: number | readonly number[],
  size: number,
): Record<string, number | readonly number[]> {
  const lengths = { "attention.key_length": size, "attention.value_length": size }
  return { "attention.head_count": heads, "attention.head_count_kv": kvHeads, ...lengths }
}

export function dense(
  name: string,
  arch: string,
  [layers, hidden, heads, kvHeads, size, ff, vocabulary]: readonly [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ],
  billions: number,
  change: Partial<PublishedModel> = {},
): PublishedModel {
  const layer = () => [...attention(hidden, heads, kvHeads, size), ...feedForward(hidden, ff)]
  return {
    name,
    arch,
    hidden,
    vocabulary,
    layers: times(layers, layer),
    cache: kv(layers, kvHeads, size),
    billions: [billions],
    ...change,
    keys: { ...keysOf(heads, kvHeads, size), feed_forward_length: ff, ...change.keys },
  }
}

type Sparse = readonly [count: number, used: number, size: number, shared?: number]

export function sparse(
  name: string,
  arch: string,
  [layers, hidden, heads, kvHeads, size, vocabulary]: readonly [number, number, number, number, number, number],
  [count, used, expertSize, shared = 0]: Sparse,
  billions: readonly [number, number],
  change: Partial<PublishedModel> = {},
): PublishedModel {
  const layer = () => [...attention(hidden, heads, kvHeads, size), ...experts(hidden, count, expertSize, shared)]
  const own = { expert_count: count, expert_used_count: used, expert_feed_forward_length: expertSize }
  return {
    name,
    arch,
    hidden,
    vocabulary,
    layers: times(layers, layer),
    cache: kv(layers, kvHeads, size),
    billions,
    ...change,
    keys: { ...keysOf(heads, kvHeads, size), ...own, ...change.keys },
  }
}

/** DeepSeek and what is built like it: a few dense layers, then experts. */
export function deepseek(
  name: string,
  [layers, hidden, heads, queryRank, denseLayers, ff, vocabulary]: readonly [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ],
  [count, used, expertSize, shared = 0]: Sparse,
  billions: readonly [number, number],
  change: Partial<PublishedModel> = {},
): PublishedModel {
  const layer = (at: number) => [
    ...latentAttention(hidden, heads, queryRank),
    ...(at < denseLayers ? feedForward(hidden, ff) : experts(hidden, count, expertSize, shared)),
  ]
  return sparse(name, "deepseek2", [layers, hidden, heads, 1, 576, vocabulary], [count, used, expertSize], billions, {
    layers: times(layers, layer),
    cache: mla(layers),
    ...change,
    keys: {
      "attention.kv_lora_rank": 512,
      "attention.value_length": 512,
      "attention.key_length_mla": 192,
      "rope.dimension_count": 64,
      ...change.keys,
    },
  })
}

export const window = (tokens: number) => ({ "attention.sliding_window": tokens })

/** Every fourth layer sees all tokens, the others have a state of 32 heads of 128 x 128 (Qwen3-Next, Qwen3.5). */
export function linear(
  name: string,
  arch: string,
  layers: number,
  [count, used]: Sparse,
  billions: readonly [number, number],
  vocabulary: number,
): PublishedModel {
  const hidden = 2048
  const layer = (at: number) => [
    ...(at % 4 === 3
      ? [...attention(hidden, 16, 2, 256), ["attn_gate", [hidden, 4096]] as const]
      : [
          ["attn_qkv", [hidden, 8192]] as const,
          ["attn_gate", [hidden, 4096]] as const,
          ...mamba(4096, 4096, 0).slice(1, 2),
          ["ssm_out", [4096, hidden]] as const,
        ]),
    ...experts(hidden, count, 512, 512),
  ]
  return sparse(name, arch, [layers, hidden, 16, 2, 256, vocabulary], [count, used, 512], billions, {
    layers: times(layers, layer),
    cache: kv(layers / 4, 2, 256) + ssm((layers * 3) / 4, 4096, 128, 16),
    keys: {
      "ssm.conv_kernel": 4,
      "ssm.state_size": 128,
      "ssm.group_count": 16,
      "ssm.time_step_rank": 32,
      "ssm.inner_size": 4096,
    },
  })
}

export function llama4(
  name: string,
  count: number,
  isSparse: (at: number) => boolean,
  billions: readonly [number, number],
): PublishedModel {
  const layer = (at: number) => [
    ...attention(5120, 40, 8, 128),
    ...(isSparse(at) ? experts(5120, count, 8192, 8192) : feedForward(5120, 16384)),
  ]
  return sparse(name, "llama4", [48, 5120, 40, 8, 128, 202_048], [count, 1, 8192], billions, {
    layers: times(48, layer),
    // Three of four layers see chunks of 8192 tokens, which no key of the header says.
    cache: kv(36, 8, 128, 8192) + kv(12, 8, 128),
  })
}

export function gptOss(
  name: string,
  layers: number,
  count: number,
  billions: readonly [number, number],
): PublishedModel {
  const layer = () => [...attention(2880, 64, 8, 64), ...experts(2880, count, 2880, 0, MXFP4)]
  return sparse(name, "gpt-oss", [layers, 2880, 64, 8, 64, 201_088], [count, 4, 2880], billions, {
    layers: times(layers, layer),
    cache: kv(layers / 2, 8, 64, 128) + kv(layers / 2, 8, 64),
    keys: window(128),
  })
}

/** GLM 4.5 and later: the last layer predicts a further token, and is not run. */
export function glm(
  name: string,
  layers: number,
  hidden: number,
  [count, used, size]: Sparse,
  [denseLayers, ff]: readonly [number, number],
  billions: readonly [number, number],
): PublishedModel {
  const layer = (at: number) => [
    ...attention(hidden, 96, 8, 128),
    ...(at < denseLayers ? feedForward(hidden, ff) : experts(hidden, count, size, size)),
  ]
  return sparse(name, "glm4moe", [layers, hidden, 96, 8, 128, 151_552], [count, used, size], billions, {
    layers: times(layers + 1, layer),
    cache: kv(layers, 8, 128),
    keys: { nextn_predict_layers: 1 },
  })
}

export const perLayer = (layers: number, value: (at: number) => number) =>
  Array.from({ length: layers }, (_, at) => value(at))
export const isIn = (places: readonly number[]) => (at: number) => places.includes(at)

export const jambaAttention = isIn([4, 12, 20, 28])
export const graniteAttention = isIn([5, 15, 25, 35])
export const lfm2Attention = isIn([2, 5, 8, 10, 12, 14])
export const nemotron = "M-M-M-MM-M-M-M*-M-M-M*-M-M-M-M*-M-M-M-M*-M-MM-M-M-M-M-M-"
export const kimiAttention = isIn([3, 7, 11, 15, 19, 23, 26])
