import { ggufHeader, type MetaValue, type TensorSpec } from "./gguf-file.ts"

/** Numbers of a dense transformer, as its authors publish them. */
export interface DenseSizes {
  readonly architecture: string
  readonly layers: number
  readonly hidden: number
  readonly heads: number
  readonly kvHeads: number
  readonly headSize: number
  readonly feedForward: number
  readonly vocabulary: number
  readonly context: number
}

export const LLAMA_3_70B: DenseSizes = {
  architecture: "llama",
  layers: 80,
  hidden: 8192,
  heads: 64,
  kvHeads: 8,
  headSize: 128,
  feedForward: 28672,
  vocabulary: 128256,
  context: 131072,
}

export const LLAMA_3_8B: DenseSizes = {
  ...LLAMA_3_70B,
  layers: 32,
  hidden: 4096,
  heads: 32,
  feedForward: 14336,
}

const Q4_K = 12

export interface ModelHeader {
  readonly metadata: Record<string, MetaValue>
  readonly tensors: TensorSpec[]
}

/** The header of a dense model, all matrices of one type. */
export function denseModel(sizes: DenseSizes, type = Q4_K): ModelHeader {
  const { architecture: arch, layers, hidden, heads, kvHeads, headSize, feedForward, vocabulary } = sizes
  const metadata: Record<string, MetaValue> = {
    "general.architecture": arch,
    "general.file_type": 15,
    [`${arch}.block_count`]: layers,
    [`${arch}.context_length`]: sizes.context,
    [`${arch}.embedding_length`]: hidden,
    [`${arch}.feed_forward_length`]: feedForward,
    [`${arch}.attention.head_count`]: heads,
    [`${arch}.attention.head_count_kv`]: kvHeads,
    [`${arch}.attention.key_length`]: headSize,
    [`${arch}.attention.value_length`]: headSize,
  }
  const tensors: TensorSpec[] = [{ name: "token_embd.weight", shape: [hidden, vocabulary], type }]
  for (let at = 0; at < layers; at++) {
    const block = (name: string, out: number, from = hidden): TensorSpec => ({
      name: `blk.${at}.${name}.weight`,
      shape: [from, out],
      type,
    })
    tensors.push(
      { name: `blk.${at}.attn_norm.weight`, shape: [hidden], type: 0 },
      block("attn_q", heads * headSize),
      block("attn_k", kvHeads * headSize),
      block("attn_v", kvHeads * headSize),
      block("attn_output", hidden, heads * headSize),
      block("ffn_gate", feedForward),
      block("ffn_up", feedForward),
      block("ffn_down", hidden, feedForward),
    )
  }
  tensors.push(
    { name: "output_norm.weight", shape: [hidden], type: 0 },
    { name: "output.weight", shape: [hidden, vocabulary], type },
  )
  return { metadata, tensors }
}

/** Only as many layers as this, so that a test can name them all. */
export function smallModel(layers = 6, changes: Partial<DenseSizes> = {}): ModelHeader {
  const small = {
    ...LLAMA_3_8B,
    layers,
    hidden: 256,
    heads: 4,
    kvHeads: 2,
    headSize: 64,
    feedForward: 512,
    vocabulary: 512,
  }
  return denseModel({ ...small, ...changes })
}

/** Experts in place of the feed-forward of each layer. */
export function withExperts(
  { metadata, tensors }: ModelHeader,
  count: number,
  used: number,
  feedForward: number,
): ModelHeader {
  const arch = metadata["general.architecture"] as string
  const hidden = metadata[`${arch}.embedding_length`] as number
  return {
    metadata: {
      ...metadata,
      [`${arch}.expert_count`]: count,
      [`${arch}.expert_used_count`]: used,
      [`${arch}.expert_feed_forward_length`]: feedForward,
    },
    tensors: tensors.flatMap((tensor) => {
      const match = /^(blk\.\d+\.ffn_(gate|up|down))\.weight$/.exec(tensor.name)
      if (match === null) return [tensor]
      const shape = match[2] === "down" ? [feedForward, hidden, count] : [hidden, feedForward, count]
      return [{ ...tensor, name: `${match[1]}_exps.weight`, shape }]
    }),
  }
}

/** Of {@link largeCache}: what makes it take some 5 GB. */
export const LARGE_CACHE_TOKENS = 36 * 1024

/** A model whose file is small, and whose cache of {@link LARGE_CACHE_TOKENS} takes 4.8 GB. */
export function largeCache(): ModelHeader {
  return smallModel(LLAMA_3_8B.layers, { heads: 8, kvHeads: 8, headSize: 128 })
}

/** A model's file, whole: its header, and weights that are zero. */
export function wholeFile(model: ModelHeader): Buffer {
  const { header, dataBytes } = headerOf(model)
  return Buffer.concat([header, Buffer.alloc(dataBytes)])
}

export function headerOf({ metadata, tensors }: ModelHeader) {
  return ggufHeader(metadata, tensors)
}
