import { brokenModel } from "../model/byte-source.ts"
import type { FileLack } from "../model/file-lack.ts"
import type { LayerFacts, ModelFacts } from "../model/model-facts.ts"
import { configCaches } from "./config-cache.ts"
import { expertsOf, isTied, reckonWeights } from "./config-weights.ts"
import type { ModelConfig } from "./model-config.ts"
import type { StoredTensor, StoredTensors } from "./read-header.ts"

const ENCODER = /(?:vision|visual|audio|image|multi_modal|mm_projector)/
const LAYER = /(?:^|\.)(?:layers|h|blocks)\.(\d+)\./
const EMBEDDING = /(?:^|\.)(?:embed_tokens|wte|embeddings|word_embeddings|embedding)\.(?:weight|scales|biases)$/
const OUTPUT = /(?:^|\.)(?:lm_head|embed_out|output)\.(?:weight|scales|biases)$/
const EXPERTS = /\.(?:experts|switch_mlp)\./
const CONTEXT = ["max_position_embeddings", "n_positions", "max_sequence_length"] as const
const MOST_LAYERS = 2_000
/** Nobody publishes weights wider than 64 bits. */
const MOST_BYTES_EACH = 8

interface Weights {
  readonly layers: readonly Omit<LayerFacts, "cache">[]
  readonly embeddingBytes: number
  readonly outputBytes: number
  readonly otherBytes: number
  readonly parameters: number
  readonly hasOutput: boolean
}

/**
 * A model from its configuration and the headers of its files; or from the configuration and the sum of bytes in its index, where the
 * files are not there.
 * @throws {WindfallError} `invalid_input` when a layer is missing or a value that is needed
 */
export function safetensorsModel(
  name: string,
  config: ModelConfig,
  stored: StoredTensors | { readonly totalBytes: number; readonly lack: FileLack },
): ModelFacts {
  const layerCount = config.required("num_hidden_layers", "n_layer", "n_layers", "num_layers")
  if (layerCount > MOST_LAYERS) throw brokenModel(config.name, `num_hidden_layers is ${layerCount}`)
  const notes: string[] = []
  const weights =
    "tensors" in stored
      ? fromTensors(config, layerCount, stored.tensors, notes)
      : fromConfig(config, layerCount, stored.totalBytes, notes)
  const caches = configCaches(config, layerCount, notes)
  const experts = expertsOf(config)
  const hiddenSize = config.required("hidden_size", "n_embd", "d_model")
  const vocabularySize = config.required("vocab_size")
  const bits = config.quantisedBits
  const dtype = config.value("torch_dtype", "dtype")
  return {
    name,
    format: "safetensors",
    architecture: config.modelType,
    quantisation: bits !== null ? `${bits} bit` : typeof dtype === "string" ? dtype : "unknown",
    parameters: weights.parameters,
    layers: weights.layers.map((layer, at) => ({ ...layer, cache: caches[at] ?? [] })),
    embeddingBytes: weights.embeddingBytes,
    outputBytes: weights.outputBytes,
    outputParameters: hiddenSize * vocabularySize,
    otherBytes: weights.otherBytes,
    hiddenSize,
    feedForwardSize: Math.max(
      config.count("intermediate_size", "n_inner") ?? 4 * hiddenSize,
      (experts?.used ?? 0) * (config.count("moe_intermediate_size") ?? 0),
    ),
    vocabularySize,
    // In a file of its own, whose normalising makes less of a text.
    longestTokenBytes: null,
    // Its chat template lies in a file of its own, too.
    knowsTools: true,
    contextTokens: config.count(...CONTEXT) === null ? null : config.required(...CONTEXT),
    heads: config.count("num_attention_heads", "n_head"),
    kvHeads: config.count("num_key_value_heads", "num_kv_heads") ?? config.count("num_attention_heads", "n_head"),
    experts,
    isTied: !weights.hasOutput,
    // MLX's server writes texts, whatever the model is.
    pooling: null,
    projector: null,
    lack: stored.lack,
    notes,
  }
}

function fromTensors(
  config: ModelConfig,
  layerCount: number,
  tensors: readonly StoredTensor[],
  notes: string[],
): Weights {
  const experts = expertsOf(config)
  const share = experts === null ? 1 : experts.used / experts.count
  /** Quantised weights lie in words of 32 bits; their scales and biases are no parameters. */
  const parametersOf = ({ name, dtype, elements }: StoredTensor) => {
    const bits = config.quantisedBitsOf(name)
    if (/\.(?:scales|biases)$/.test(name) && bits !== null) return 0
    return dtype === "U32" && bits !== null ? (elements * 32) / bits : elements
  }
  const layers = Array.from({ length: layerCount }, () => ({ bytes: 0, activeBytes: 0, activeParameters: 0 }))
  let [embeddingBytes, outputBytes, otherBytes, parameters, left] = [0, 0, 0, 0, 0]
  for (const tensor of tensors) {
    const { name, bytes } = tensor
    const layer = ENCODER.test(name) ? null : LAYER.exec(name)
    if (layer !== null) {
      const at = layers[Number(layer[1])]
      if (at === undefined || /(?:^|\.)mtp\./.test(name)) {
        left += bytes
        continue
      }
      const used = EXPERTS.test(name) ? share : 1
      at.bytes += bytes
      at.activeBytes += bytes * used
      at.activeParameters += parametersOf(tensor) * used
    } else if (EMBEDDING.test(name) && !ENCODER.test(name)) embeddingBytes += bytes
    else if (OUTPUT.test(name)) outputBytes += bytes
    else otherBytes += bytes
    parameters += parametersOf(tensor)
  }
  const missing = layers.findIndex(({ bytes }) => bytes === 0)
  if (missing >= 0) throw brokenModel(config.name, `its files have no tensors of layer ${missing} of its ${layerCount}`)
  if (embeddingBytes === 0) throw brokenModel(config.name, "its files have no embeddings")
  if (left > 0) notes.push("Layers that predict further tokens are in its files; MLX does not load them")
  return { layers, embeddingBytes, outputBytes, otherBytes, parameters, hasOutput: outputBytes > 0 }
}

function fromConfig(config: ModelConfig, layerCount: number, totalBytes: number, notes: string[]): Weights {
  const reckoned = reckonWeights(config, layerCount)
  const parameters = reckoned.layers.reduce((sum, { all }) => sum + all, reckoned.embedding + reckoned.output)
  const bytesEach = totalBytes / parameters
  // Nothing is quantised to less: the sum is wrong, or it is another model's.
  if (bytesEach < 1 / 8)
    throw brokenModel(
      config.name,
      `by it the model has ${Math.round(parameters / 1e6)} million parameters, and ${totalBytes} bytes by metadata.total_size of the index: less than a bit for each`,
      "Fetch both again, from one place",
    )
  if (bytesEach > MOST_BYTES_EACH)
    notes.push(
      `The index tells ${Math.round(bytesEach)} bytes for each parameter that is known from config.json: it is of another model, or most of this one is not known here`,
    )
  notes.push("Its weights are not there: what is whose of them is reckoned from config.json and the sum in the index")
  return {
    layers: reckoned.layers.map(({ all, active }) => ({
      bytes: Math.round(all * bytesEach),
      activeBytes: Math.round(active * bytesEach),
      activeParameters: active,
    })),
    embeddingBytes: Math.round(reckoned.embedding * bytesEach),
    outputBytes: Math.round(reckoned.output * bytesEach),
    otherBytes: 0,
    parameters,
    hasOutput: !isTied(config),
  }
}
