import { ggufHeader, type MetaValue, type TensorSpec } from "./gguf-file.ts"
import { F16, F32, type Fill, writeTensors } from "./random-gguf.ts"

export interface RandomBert {
  readonly layers?: number
  /** A multiple of 64. */
  readonly width?: number
  readonly contextTokens?: number
  /** As GGUF numbers it: 1 mean, 2 the first token's, 4 a rank; `null`: the header does not say. */
  readonly pooling?: number | null
}

const HEADS = 4
const LETTERS = Array.from("abcdefghijklmnopqrstuvwxyz0123456789.,?!")
const WORDS = ["the", "a", "model", "weather", "in", "rome", "is", "sunny", "query", "word", "of", "texts"]
const SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]

/** Word pieces as llama.cpp has them: what begins a word has the mark, what goes on in one has none. */
function wordPieces(): string[] {
  const pieces = [...SPECIAL, ...LETTERS.map((letter) => `\u2581${letter}`), ...LETTERS]
  pieces.push(...WORDS.filter((word) => word.length > 1).map((word) => `\u2581${word}`))
  while (pieces.length % 32 !== 0) pieces.push(`[unused${pieces.length}]`)
  return pieces
}

/** Writes a BERT with random weights (always the same for the same arguments) and a real tokenizer, that makes embeddings of texts. */
export function writeRandomBert(path: string, model: RandomBert = {}): void {
  const { layers = 3, width = 64, contextTokens = 64, pooling = 1 } = model
  const tokens = wordPieces()
  const feedForward = width * 2
  const metadata: Record<string, MetaValue> = {
    "general.architecture": "bert",
    "general.name": "bert of random numbers",
    "general.file_type": 1,
    "bert.context_length": contextTokens,
    "bert.embedding_length": width,
    "bert.block_count": layers,
    "bert.feed_forward_length": feedForward,
    "bert.attention.head_count": HEADS,
    "bert.attention.layer_norm_epsilon": 1e-12,
    "bert.attention.causal": false,
    ...(pooling === null ? {} : { "bert.pooling_type": pooling }),
    "tokenizer.ggml.model": "bert",
    "tokenizer.ggml.pre": "jina-v2-en",
    "tokenizer.ggml.token_type_count": 2,
    "tokenizer.ggml.tokens": tokens,
    "tokenizer.ggml.token_type": Int32Array.from(tokens.map((_, at) => (at < SPECIAL.length ? 3 : 1))),
    "tokenizer.ggml.padding_token_id": 0,
    "tokenizer.ggml.unknown_token_id": 1,
    "tokenizer.ggml.cls_token_id": 2,
    "tokenizer.ggml.bos_token_id": 2,
    "tokenizer.ggml.seperator_token_id": 3,
    "tokenizer.ggml.eos_token_id": 3,
    "tokenizer.ggml.mask_token_id": 4,
  }
  const specs: (TensorSpec & { readonly fill: Fill })[] = []
  const matrix = (name: string, columns: number, rows: number, type: number, scale: number) =>
    specs.push({ name, shape: [columns, rows], type, fill: { scale } })
  const vectors = (name: string, size: number, isNorm = false) => {
    if (isNorm) specs.push({ name: `${name}.weight`, shape: [size], type: F32, fill: "ones" })
    specs.push({ name: `${name}.bias`, shape: [size], type: F32, fill: { scale: 0.1 } })
  }
  matrix("token_embd.weight", width, tokens.length, F16, 1)
  matrix("position_embd.weight", width, contextTokens, F32, 0.5)
  matrix("token_types.weight", width, 2, F32, 0.1)
  vectors("token_embd_norm", width, true)
  for (let layer = 0; layer < layers; layer++) {
    const name = (part: string) => `blk.${layer}.${part}`
    for (const part of ["attn_q", "attn_k", "attn_v", "attn_output"]) {
      matrix(name(`${part}.weight`), width, width, F16, 1 / Math.sqrt(width))
      vectors(name(part), width)
    }
    vectors(name("attn_output_norm"), width, true)
    matrix(name("ffn_up.weight"), width, feedForward, F16, 1 / Math.sqrt(width))
    vectors(name("ffn_up"), feedForward)
    matrix(name("ffn_down.weight"), feedForward, width, F16, 1 / Math.sqrt(feedForward))
    vectors(name("ffn_down"), width)
    vectors(name("layer_output_norm"), width, true)
  }
  writeTensors(path, ggufHeader(metadata, specs).header, specs)
}
