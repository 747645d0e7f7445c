import type { LayerCache } from "../model/model-facts.ts"
import { OWN_WINDOWS, WITHOUT_CACHE, windowedByPeriod, windowPeriodOf } from "./architectures.ts"
import type { GgufMetadata } from "./gguf-metadata.ts"

const RECURRENT = /^(?:ssm_|shortconv|time_mix)/

/**
 * What each layer keeps for a slot, from the keys of the header and from which tensors the layer has.
 * @throws {WindfallError} `invalid_input` where layers that attend have no heads
 */
export function ggufCaches(
  metadata: GgufMetadata,
  layers: number,
  tensorsOf: (layer: number) => readonly string[],
  notes: string[],
): readonly (readonly LayerCache[])[] {
  // What makes embeddings of whole texts keeps nothing.
  if (metadata.value("attention.causal") === false || WITHOUT_CACHE.has(metadata.architecture))
    return Array.from({ length: layers }, () => [])
  const attention = attentionCaches(metadata, layers, tensorsOf, notes)
  const isRecurrentAt = (at: number) => tensorsOf(at).some((name) => RECURRENT.test(name))
  // Mamba has no heads, and its files say so.
  const isAttending = !attention.some((_, at) => isRecurrentAt(at))
  for (const key of ["attention.head_count", "attention.head_count_kv"]) {
    if (isAttending && metadata.perLayer(key, layers)?.every((count) => count === 0) === true)
      throw metadata.damaged(`${metadata.architecture}.${key} is 0`)
  }
  return Array.from({ length: layers }, (_, at): readonly LayerCache[] => {
    const has = (part: string) => tensorsOf(at).some((name) => name.startsWith(part))
    const isRecurrent = isRecurrentAt(at)
    const seesTokens = !isRecurrent || has("attn_k.") || has("attn_kv_a") || has("attn_k_b")
    const state = isRecurrent ? recurrentElements(metadata, layers) : 0
    const own = attention[at]
    return [
      ...(seesTokens && own !== undefined && own !== null ? [own] : []),
      ...(state > 0 ? [{ kind: "recurrent" as const, elements: state }] : []),
    ]
  })
}

/** The sizes of a head's key and value, each once; none where nothing is kept of tokens. */
export function cacheHeadSizes(
  metadata: GgufMetadata,
  caches: readonly (readonly LayerCache[])[],
  layers: number,
): readonly number[] {
  const kinds = new Set(caches.flat().map(({ kind }) => kind))
  if (!kinds.has("attention") && !kinds.has("latent")) return []
  const heads = metadata.perLayer("attention.head_count", layers) ?? []
  const headSize = Math.floor(metadata.required("embedding_length") / Math.max(1, ...heads))
  const sizes = ["attention.key_length", "attention.value_length"].map((key) => metadata.count(key) ?? headSize)
  const windowed = ["attention.key_length_swa", "attention.value_length_swa"].map((key) => metadata.count(key))
  return [...new Set([...sizes, ...windowed])].filter((size) => size !== null)
}

function attentionCaches(
  metadata: GgufMetadata,
  layers: number,
  tensorsOf: (layer: number) => readonly string[],
  notes: string[],
): readonly (LayerCache | null)[] {
  const heads = metadata.perLayer("attention.head_count", layers)
  if (heads === null) return new Array<null>(layers).fill(null)
  const kvHeads = metadata.perLayer("attention.head_count_kv", layers) ?? heads
  const headSize = Math.floor(metadata.required("embedding_length") / Math.max(1, ...heads))
  const keyLength = metadata.count("attention.key_length") ?? headSize
  const valueLength = metadata.count("attention.value_length") ?? headSize
  const latent = latentElements(metadata, tensorsOf, kvHeads, notes)
  const windowed = windowedLayers(metadata, layers, notes)
  const windowTokens = windowOf(metadata)
  // The last ones use what earlier ones keep.
  const sharing = metadata.count("attention.shared_kv_layers") ?? 0
  return Array.from({ length: layers }, (_, at): LayerCache | null => {
    const kv = kvHeads[at] ?? 0
    if (kv === 0 || (sharing < layers && at >= layers - sharing)) return null
    if (latent !== null) return { kind: "latent", elements: latent }
    const isWindowed = windowed[at] === true
    return {
      kind: "attention",
      keyElements: kv * ((isWindowed ? metadata.count("attention.key_length_swa") : null) ?? keyLength),
      valueElements: kv * ((isWindowed ? metadata.count("attention.value_length_swa") : null) ?? valueLength),
      windowTokens: isWindowed ? windowTokens : null,
    }
  })
}

/** Elements a token of the compressed vector (MLA); `null` where keys and values are kept in full. */
function latentElements(
  metadata: GgufMetadata,
  tensorsOf: (layer: number) => readonly string[],
  kvHeads: readonly number[],
  notes: string[],
): number | null {
  const rank = metadata.count("attention.kv_lora_rank")
  if (rank === null || rank === 0) return null
  // Files of early 2025 lack what llama.cpp needs to keep the compressed vector: attn_k_b and attn_v_b.
  const first = tensorsOf(0)
  const has = (part: string) => first.some((name) => name.startsWith(part))
  if (
    metadata.value("attention.key_length_mla") === undefined &&
    has("attn_kv_b") &&
    !has("attn_k_b") &&
    kvHeads[0] !== 1
  ) {
    notes.push(
      "It was converted before llama.cpp could keep the compressed cache (MLA): a newer file needs far less for the context",
    )
    return null
  }
  // DeepSeek's sparse attention finds tokens by a short key of each, which is kept beside.
  return rank + (metadata.count("rope.dimension_count") ?? 64) + (metadata.count("attention.indexer.key_length") ?? 0)
}

function windowOf(metadata: GgufMetadata): number | null {
  return metadata.count("attention.sliding_window") ?? OWN_WINDOWS[metadata.architecture] ?? null
}

function windowedLayers(metadata: GgufMetadata, layers: number, notes: string[]): readonly boolean[] {
  const none = new Array<boolean>(layers).fill(false)
  const windowTokens = windowOf(metadata)
  if (windowTokens === null || windowTokens === 0) return none
  const pattern = metadata.value("attention.sliding_window_pattern")
  if (Array.isArray(pattern)) {
    // Some have it for a few layers, which then go on in the same way.
    return none.map((_, at) => pattern.length > 0 && Boolean(pattern[at % pattern.length]))
  }
  const period = pattern === undefined ? windowPeriodOf(metadata.architecture) : Number(pattern)
  if (period === null || !Number.isSafeInteger(period)) {
    notes.push(
      `It has a window of ${windowTokens} tokens and does not say in which layers: all are reckoned to keep the whole context`,
    )
    return none
  }
  return windowedByPeriod(layers, period)
}

/**
 * The state of a recurrent layer, in elements of four bytes: Kimi's delta attention, Mamba's convolution and state (as in llama.cpp's hparams), a short
 * convolution, or RWKV's shifts and state.
 */
function recurrentElements(metadata: GgufMetadata, layers: number): number {
  const embedding = metadata.required("embedding_length")
  const headSize = metadata.count("wkv.head_size")
  if (headSize !== null && headSize > 0) return embedding * ((metadata.count("token_shift_count") ?? 2) + headSize)
  const shortConvolution = metadata.count("shortconv.l_cache")
  if (shortConvolution !== null && shortConvolution > 0) return embedding * (shortConvolution - 1)
  const kda = metadata.count("kda.head_dim")
  if (kda !== null && kda > 0) {
    const heads = Math.max(0, ...(metadata.perLayer("attention.head_count", layers) ?? []))
    return heads * kda * (3 * Math.max(0, (metadata.count("ssm.conv_kernel") ?? 4) - 1) + kda)
  }
  const inner = metadata.count("ssm.inner_size") ?? 0
  const state = metadata.count("ssm.state_size") ?? 0
  const convolution = metadata.count("ssm.conv_kernel") ?? 1
  const groups = metadata.count("ssm.group_count") ?? 0
  return Math.max(0, convolution - 1) * (inner + 2 * groups * state) + state * inner
}
