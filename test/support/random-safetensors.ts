import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { trainVocabulary } from "./byte-pair-vocabulary.ts"
import { bellTable, CHAT_TEMPLATE, TABLE, xorshift } from "./random-gguf.ts"
import { type StoredSpec, safetensorsHeader } from "./safetensors-files.ts"

export interface RandomFolder {
  readonly architecture?: "qwen2" | "llama" | "qwen3"
  readonly layers?: number
  /** A multiple of 64. */
  readonly width?: number
  readonly contextTokens?: number
  /** Over what config.json would have. */
  readonly config?: Readonly<Record<string, unknown>>
}

/** Divisible by two and four: so ranks can have parts of each layer. */
const HEADS = 4
const CLASSES = { qwen2: "Qwen2ForCausalLM", llama: "LlamaForCausalLM", qwen3: "Qwen3ForCausalLM" }

/**
 * Writes a model as transformers and mlx-lm have it, with random weights (always the same for the same arguments) and a real tokenizer. It speaks
 * printable ASCII and never ends by itself, as that of `writeRandomGguf`.
 */
export function writeRandomFolder(folder: string, model: RandomFolder = {}): void {
  const { architecture = "qwen2", layers = 4, width = 128, contextTokens = 2048 } = model
  const { tokens, merges, kinds, endOfText, endOfTurn, isPrintable } = trainVocabulary()
  mkdirSync(folder, { recursive: true })
  const json = (name: string, content: unknown) => writeFileSync(join(folder, name), JSON.stringify(content))
  json("tokenizer.json", {
    version: "1.0",
    added_tokens: tokens.flatMap((content, id) =>
      kinds[id] === 1
        ? []
        : [{ id, content, single_word: false, lstrip: false, rstrip: false, normalized: false, special: true }],
    ),
    pre_tokenizer: { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true },
    decoder: { type: "ByteLevel", add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: {
      type: "BPE",
      vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
      merges: merges.map((merge) => merge.split(" ")),
    },
  })
  json("tokenizer_config.json", {
    tokenizer_class: "PreTrainedTokenizerFast",
    eos_token: tokens[endOfTurn],
    pad_token: tokens[endOfText],
    model_max_length: contextTokens,
    chat_template: CHAT_TEMPLATE,
    clean_up_tokenization_spaces: false,
  })
  json("config.json", {
    architectures: [CLASSES[architecture]],
    model_type: architecture,
    hidden_size: width,
    num_hidden_layers: layers,
    intermediate_size: 2 * width,
    num_attention_heads: HEADS,
    num_key_value_heads: HEADS,
    head_dim: width / HEADS,
    rms_norm_eps: 1e-6,
    vocab_size: tokens.length,
    max_position_embeddings: contextTokens,
    rope_theta: 10_000,
    hidden_act: "silu",
    attention_bias: false,
    mlp_bias: false,
    tie_word_embeddings: false,
    torch_dtype: "float32",
    eos_token_id: endOfTurn,
    ...model.config,
  })

  const specs: Record<string, StoredSpec> = {}
  const fills = new Map<string, Fill>()
  const matrix = (name: string, rows: number, columns: number, scale = 1, chosen?: readonly boolean[]) => {
    specs[`${name}.weight`] = { dtype: "F32", shape: [rows, columns] }
    fills.set(`${name}.weight`, {
      scale: scale / Math.sqrt(columns),
      ...(chosen === undefined ? {} : { rows: chosen }),
    })
  }
  const vector = (name: string, size: number, fill: Fill = "ones") => {
    specs[name] = { dtype: "F32", shape: [size] }
    fills.set(name, fill)
  }
  matrix("model.embed_tokens", tokens.length, width, Math.sqrt(width))
  vector("model.norm.weight", width)
  matrix("lm_head", tokens.length, width, 6, isPrintable)
  for (let at = 0; at < layers; at++) {
    const layer = `model.layers.${at}`
    vector(`${layer}.input_layernorm.weight`, width)
    vector(`${layer}.post_attention_layernorm.weight`, width)
    for (const part of ["q", "k", "v", "o"])
      matrix(`${layer}.self_attn.${part}_proj`, width, width, part === "o" ? 3 : 1.5)
    if (architecture === "qwen2")
      for (const part of ["q", "k", "v"]) vector(`${layer}.self_attn.${part}_proj.bias`, width, { scale: 0.1 })
    if (architecture === "qwen3")
      for (const part of ["q", "k"]) vector(`${layer}.self_attn.${part}_norm.weight`, width / HEADS)
    matrix(`${layer}.mlp.gate_proj`, 2 * width, width)
    matrix(`${layer}.mlp.up_proj`, 2 * width, width)
    matrix(`${layer}.mlp.down_proj`, width, 2 * width, 3)
  }
  const { header, dataBytes } = safetensorsHeader(specs)
  const draw = xorshift(0x9e3779b9)
  const data = Object.entries(specs).map(([name, { shape }]) => numbers(shape, fills.get(name) ?? "ones", draw))
  writeFileSync(join(folder, "model.safetensors"), Buffer.concat([header, ...data]))
  // A pipeline wants it also where there is one file.
  json("model.safetensors.index.json", {
    metadata: { total_size: dataBytes },
    weight_map: Object.fromEntries(Object.keys(specs).map((name) => [name, "model.safetensors"])),
  })
}

type Fill = "ones" | { readonly scale: number; readonly rows?: readonly boolean[] }

function numbers(shape: readonly number[], fill: Fill, draw: () => number): Buffer {
  const all = new Float32Array(shape.reduce((product, size) => product * size, 1))
  if (fill === "ones") all.fill(1)
  else {
    const table = bellTable(fill.scale, false)
    const columns = shape.at(-1) ?? 1
    for (let at = 0; at < all.length; at++) {
      const drawn = table[draw() % TABLE] ?? 0
      if (fill.rows === undefined || fill.rows[Math.floor(at / columns)] === true) all[at] = drawn
    }
  }
  return Buffer.from(all.buffer)
}
