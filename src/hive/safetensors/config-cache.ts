import { brokenModel } from "../model/byte-source.ts"
import type { LayerCache } from "../model/model-facts.ts"
import type { ModelConfig } from "./model-config.ts"

/** What each layer keeps for a slot, from the configuration alone. */
export function configCaches(config: ModelConfig, layers: number, notes: string[]): readonly (readonly LayerCache[])[] {
  const heads = config.count("num_attention_heads", "n_head", "n_heads") ?? 0
  const kvHeads = config.count("num_key_value_heads", "n_head_kv", "num_kv_heads") ?? heads
  const headSize =
    config.count("head_dim", "attention_head_dim", "kv_channels") ??
    Math.floor(config.required("hidden_size", "n_embd", "d_model") / Math.max(1, heads))
  const rank = config.count("kv_lora_rank")
  const windowTokens = config.count(
    ...(["sliding_window", "sliding_window_size", "attention_window_size", "attention_chunk_size"] as const),
  )
  // Gemma 4's layers that see everything have heads of their own; where these have one matrix for both, fewer, too.
  const wholeSize = config.count("global_head_dim") ?? headSize
  const wholeHeads = (config.flag("attention_k_eq_v") ? config.count("num_global_key_value_heads") : null) ?? kvHeads
  const kinds = layerKinds(config, layers, windowTokens, notes)
  const sharing = config.count("num_kv_shared_layers") ?? 0
  // Without them the cache would be nothing. A model that does not say is reckoned to have none.
  const isCached = kinds.some((kind) => kind !== "none" && kind !== "recurrent")
  if (
    isCached &&
    (heads === 0 || kvHeads === 0) &&
    config.value("num_attention_heads", "n_head", "n_heads") !== undefined
  )
    throw brokenModel(config.name, `${heads === 0 ? "num_attention_heads" : "num_key_value_heads"} is 0`)
  const state = recurrentElements(config)
  return kinds.map((kind, at): readonly LayerCache[] => {
    if (kind === "none" || (sharing < layers && at >= layers - sharing)) return []
    const recurrent: LayerCache = { kind: "recurrent", elements: state }
    if (kind === "recurrent") return [recurrent]
    const [heads, size] = kind === "windowed" ? [kvHeads, headSize] : [wholeHeads, wholeSize]
    const attention: LayerCache =
      rank !== null && rank > 0
        ? {
            kind: "latent",
            elements: rank + (config.count("qk_rope_head_dim") ?? 64) + (config.count("index_head_dim") ?? 0),
          }
        : {
            kind: "attention",
            keyElements: heads * size,
            valueElements: heads * (config.count("v_head_dim") ?? size),
            windowTokens: kind === "windowed" ? windowTokens : null,
          }
    return kind === "both" ? [attention, recurrent] : [attention]
  })
}

type Kind = "full" | "windowed" | "recurrent" | "both" | "none"

const NAMED: Readonly<Record<string, Kind>> = {
  full_attention: "full",
  attention: "full",
  "*": "full",
  sliding_attention: "windowed",
  local_attention: "windowed",
  chunked_attention: "windowed",
  linear_attention: "recurrent",
  mamba: "recurrent",
  mamba2: "recurrent",
  conv: "recurrent",
  recurrent: "recurrent",
  M: "recurrent",
  "-": "none",
  mlp: "none",
  E: "none",
}

function layerKinds(
  config: ModelConfig,
  layers: number,
  windowTokens: number | null,
  notes: string[],
): readonly Kind[] {
  const all = (kind: Kind) => new Array<Kind>(layers).fill(kind)
  const type = config.modelType
  const named = namedKinds(config, layers)
  if (named !== null) {
    const unknown = named.find((name) => !Object.hasOwn(NAMED, name))
    if (unknown !== undefined)
      notes.push(
        `Its layers of kind ${JSON.stringify(unknown.slice(0, 60))} are not known here: they are reckoned to keep the whole context`,
      )
    // Where a window is all that attention has, it goes by the plain name.
    const plain = type === "recurrent_gemma" ? "windowed" : "full"
    const ofName = (name: string) => (name === "attention" ? plain : Object.hasOwn(NAMED, name) ? NAMED[name]! : "full")
    return all("full").map((_, at) => ofName(named[at % named.length]!))
  }
  const linear = config.part("linear_attn_config")?.list("kda_layers") ?? null
  if (linear !== null) return all("full").map((kind, at) => (linear.includes(at + 1) ? "recurrent" : kind))
  const attending = config.list("full_attn_idxs")
  if (attending !== null) return all("recurrent").map((kind, at) => (attending.includes(at) ? "full" : kind))
  if (type === "falcon_h1") return all("both")
  if (/^(mamba2?|falcon_mamba|rwkv\d*)$/.test(type)) return all("recurrent")
  const interval = config.count("full_attention_interval")
  if (interval !== null && interval > 0)
    return all("full").map((_, at) => ((at + 1) % interval === 0 ? "full" : "recurrent"))
  const period = config.count("attn_layer_period")
  if (period !== null && period > 0) {
    const offset = config.count("attn_layer_offset") ?? 0
    return all("full").map((_, at) => (at % period === offset ? "full" : "recurrent"))
  }
  if (windowTokens === null || windowTokens === 0 || config.value("use_sliding_window") === false) return all("full")
  if (WINDOWLESS.has(type)) return all("full")
  const letters = config.value("sliding_window_pattern", "_sliding_window_pattern")
  // EXAONE writes the kinds of a period as letters: LLLG.
  const every = typeof letters === "string" ? letters.length : (periodOf(config) ?? PERIODS[type] ?? null)
  if (every !== null) return all("full").map((_, at) => (every > 1 && at % every < every - 1 ? "windowed" : "full"))
  notes.push(
    `It has a window of ${windowTokens} tokens and does not say in which layers: all are reckoned to keep the whole context`,
  )
  return all("full")
}

/** The kind of each layer, or of each of a period, by name; `null` where none are named. @throws {WindfallError} when they are of other layers, or no names */
function namedKinds(config: ModelConfig, layers: number): readonly string[] | null {
  const listed = ["layer_types", "layers_block_type", "block_types"].find((key) => config.value(key) !== undefined)
  const pattern = config.value("hybrid_override_pattern")
  const [key, said] =
    listed === undefined
      ? ["hybrid_override_pattern", isText(pattern) ? [...pattern] : []]
      : [listed, config.value(listed)]
  if (!Array.isArray(said))
    throw brokenModel(config.name, `${key} is ${shown(said)}, and no list of the kinds of its layers`)
  if (said.length === 0) return null
  const odd = said.find((name) => !isText(name))
  if (odd !== undefined) throw brokenModel(config.name, `${key} names ${shown(odd)}, which is no kind of layer`)
  // Some name the layers that predict further tokens, too, which MLX does not load; RecurrentGemma names a period.
  const further = config.count("num_nextn_predict_layers") ?? 0
  if (key !== "block_types" && said.length !== layers && said.length !== layers + further)
    throw brokenModel(config.name, `${key} has ${said.length} values for ${layers} layers`)
  return said as readonly string[]
}

function isText(value: unknown): value is string {
  return typeof value === "string"
}

function shown(value: unknown): string {
  return JSON.stringify(value).slice(0, 60)
}

function periodOf(config: ModelConfig): number | null {
  return config.count("sliding_window_pattern", "_sliding_window_pattern")
}

/** Types that mlx-lm runs without the window that their configuration has. */
const WINDOWLESS: ReadonlySet<string> = new Set(["gemma2", "mistral", "phi3", "qwen2"])

/** Where the configuration has a window and leaves the pattern to the code of the model. */
const PERIODS: Readonly<Record<string, number>> = {
  gemma3: 6,
  gemma3_text: 6,
  cohere2: 4,
  gpt_oss: 2,
  exaone4: 4,
  gemma4: 5,
  gemma4_text: 5,
  llama4: 4,
  llama4_text: 4,
}

/** The state of a recurrent layer: that of a delta rule (Qwen3-Next, Kimi), a short convolution (LFM2), RWKV's, or Mamba's. */
function recurrentElements(config: ModelConfig): number {
  const keyHeads = config.count("linear_num_key_heads")
  if (keyHeads !== null) {
    const valueHeads = config.count("linear_num_value_heads") ?? keyHeads
    const keySize = config.count("linear_key_head_dim") ?? 128
    const valueSize = config.count("linear_value_head_dim") ?? 128
    const convolution = Math.max(0, (config.count("linear_conv_kernel_dim") ?? 4) - 1)
    return convolution * (2 * keyHeads * keySize + valueHeads * valueSize) + valueHeads * keySize * valueSize
  }
  const hidden = config.required("hidden_size", "n_embd", "d_model")
  const kda = config.part("linear_attn_config")
  if (kda !== null) {
    const [heads, size] = [kda.count("num_heads") ?? 0, kda.count("head_dim") ?? 128]
    return heads * size * (3 * Math.max(0, (kda.count("short_conv_kernel_size") ?? 4) - 1) + size)
  }
  const short = config.count("conv_L_cache")
  if (short !== null) return hidden * Math.max(0, short - 1)
  if (/^rwkv/.test(config.modelType)) return hidden * (2 + (config.count("head_dim", "head_size") ?? 64))
  const inner =
    config.count("mamba_d_ssm") ??
    (config.count("mamba_num_heads", "mamba_n_heads") ?? 0) * (config.count("mamba_head_dim", "mamba_d_head") ?? 0)
  const width = inner > 0 ? inner : (config.count("mamba_expand", "expand") ?? 2) * hidden
  const state = config.count("ssm_state_size", "mamba_d_state", "state_size") ?? 16
  const groups = config.count("n_groups", "mamba_n_groups") ?? 0
  const convolution = Math.max(0, (config.count("conv_kernel", "mamba_d_conv", "conv_kernel_size") ?? 4) - 1)
  return convolution * (width + 2 * groups * state) + state * width
}
