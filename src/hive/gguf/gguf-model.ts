import { brokenModel } from "../model/byte-source.ts"
import type { LayerFacts, ModelFacts } from "../model/model-facts.ts"
import { EMBEDDERS } from "./architectures.ts"
import { checkShapes } from "./check-shapes.ts"
import { quantisationName } from "./ggml-types.ts"
import { cacheHeadSizes, ggufCaches } from "./gguf-cache.ts"
import { GgufMetadata } from "./gguf-metadata.ts"
import { checkParts } from "./gguf-parts.ts"
import { ggufPooling } from "./gguf-pooling.ts"
import { knowsTools } from "./knows-tools.ts"
import { longestTokenBytes } from "./longest-token.ts"
import type { GgufHeader, GgufTensor } from "./read-gguf.ts"

const BLOCK = /^blk\.(\d+)\.(.+)$/
/** Tensors that hold all experts of a layer; those that every token uses are `..._shexp`. */
const EXPERTS = /^ffn_(?:gate|up|down|gate_up)_exps\b/
const MOST_LAYERS = 2_000

/**
 * What the headers of a model's files say, in order; the first one has the keys.
 * @throws {WindfallError} `invalid_input` when a layer is missing or a key that is needed
 */
export function ggufModel(name: string, headers: readonly [GgufHeader, ...GgufHeader[]]): ModelFacts {
  const [first] = headers
  const metadata = new GgufMetadata(first)
  // Encoders of images, and what has an encoder beside its decoder, call their layers otherwise.
  if (!headers.some((header) => header.tensors.some(({ name }) => BLOCK.test(name))) && first.tensors.length > 0)
    throw brokenModel(
      first.name,
      `no plan can be made for the architecture "${metadata.architecture}": it has no layers blk.0, blk.1, ...`,
    )
  const layerCount = metadata.required("block_count")
  if (layerCount > MOST_LAYERS) throw brokenModel(first.name, `its header is damaged: it tells ${layerCount} layers`)
  const tensors = headers.flatMap((header) => header.tensors)
  checkParts(headers)
  if (tensors.length === 0) throw brokenModel(first.name, "its header lists no tensors")
  const { blocks, outside } = byLayer(first.name, tensors, layerCount)
  const expertCount = metadata.count("expert_count") ?? 0
  const usedCount = metadata.count("expert_used_count") ?? 0
  if (expertCount > 0 && usedCount > expertCount)
    throw metadata.damaged(`a token uses ${usedCount} of ${expertCount} experts`)
  const experts = expertCount > 0 && usedCount > 0 ? { count: expertCount, used: usedCount } : null
  const share = experts === null ? 1 : experts.used / experts.count
  const notes: string[] = []
  // Layers that predict further tokens are loaded and not run.
  const ahead = metadata.count("nextn_predict_layers") ?? 0
  const runCount = ahead < layerCount ? layerCount - ahead : layerCount
  if (runCount < layerCount) notes.push(`The last ${ahead} of its layers predict further tokens: loaded, and not run`)
  const pooling = ggufPooling(first.name, metadata)
  if (pooling === "rank") notes.push("It ranks texts: model serve refuses it, as rerankers are not served")
  if (pooling === "none")
    notes.push(
      "Its header does not say how one vector is made of a text: model serve refuses it until it is converted anew",
    )
  const names = blocks.map((block) => block.map(({ part }) => part))
  const caches = ggufCaches(metadata, layerCount, (layer) => names[layer] ?? [], notes)
  const layers = blocks.map((block, at): LayerFacts => {
    const used = (of: (tensor: GgufTensor) => number) =>
      block.reduce((sum, { part, tensor }) => sum + of(tensor) * (EXPERTS.test(part) ? share : 1), 0)
    const isRun = at < runCount
    return {
      bytes: block.reduce((sum, { tensor }) => sum + tensor.bytes, 0),
      activeBytes: isRun ? used(({ bytes }) => bytes) : 0,
      activeParameters: isRun ? used(({ elements }) => elements) : 0,
      cache: isRun ? (caches[at] ?? []) : [],
    }
  })
  const embedding = outside.get("token_embd.weight")
  if (embedding === undefined) throw brokenModel(first.name, "its header lists no token_embd.weight")
  checkShapes(first.name, metadata, layerCount, embedding, (layer, part) => {
    const found = blocks[layer]?.find((one) => one.part === part)
    return found === undefined ? null : found.tensor.elements / (found.tensor.shape[0] ?? 1)
  })
  const output = outside.get("output.weight")
  const hiddenSize = metadata.required("embedding_length")
  const bytesByType = new Map<string, number>()
  for (const { type, bytes } of tensors) bytesByType.set(type, (bytesByType.get(type) ?? 0) + bytes)
  const sum = (of: (tensor: GgufTensor) => number) => tensors.reduce((total, tensor) => total + of(tensor), 0)
  const inLayers = layers.reduce((total, { bytes }) => total + bytes, 0)
  const outputBytes = output?.bytes ?? 0
  const fileType = metadata.general("file_type")
  return {
    name,
    format: "gguf",
    architecture: metadata.architecture,
    quantisation: quantisationName(fileType === undefined ? null : Number(fileType), bytesByType),
    parameters: sum(({ elements }) => elements),
    layers,
    embeddingBytes: embedding.bytes,
    outputBytes,
    outputParameters: (output ?? embedding).elements,
    otherBytes: Math.max(0, sum(({ bytes }) => bytes) - inLayers - embedding.bytes - outputBytes),
    hiddenSize,
    feedForwardSize: Math.max(
      ...(metadata.perLayer("feed_forward_length", layerCount) ?? [4 * hiddenSize]),
      usedCount * (metadata.count("expert_feed_forward_length") ?? 0),
    ),
    vocabularySize: Math.max(1, Math.round(embedding.elements / hiddenSize)),
    longestTokenBytes: longestTokenBytes(first),
    knowsTools: knowsTools(first),
    // llama.cpp loads one of 0, and gives each slot none.
    contextTokens: metadata.count("context_length") === null ? null : metadata.required("context_length"),
    heads: metadata.perLayer("attention.head_count", layerCount)?.[0] ?? null,
    kvHeads: metadata.perLayer("attention.head_count_kv", layerCount)?.find((count) => count > 0) ?? null,
    cacheHeadSizes: cacheHeadSizes(metadata, caches, layerCount),
    experts,
    // What only makes embeddings has no output at all.
    isTied: output === undefined && !EMBEDDERS.has(metadata.architecture),
    pooling,
    projector: null,
    lack: headers.find((header) => header.lack !== null)?.lack ?? null,
    notes,
  }
}

interface BlockTensor {
  /** The name without `blk.N.`. */
  readonly part: string
  readonly tensor: GgufTensor
}

function byLayer(name: string, tensors: readonly GgufTensor[], layerCount: number) {
  const blocks: BlockTensor[][] = Array.from({ length: layerCount }, () => [])
  const outside = new Map<string, GgufTensor>()
  for (const tensor of tensors) {
    const match = BLOCK.exec(tensor.name)
    if (match === null) outside.set(tensor.name, tensor)
    else {
      const block = blocks[Number(match[1])]
      if (block === undefined)
        throw brokenModel(name, `its header is damaged: tensor ${tensor.name} is of no layer of its ${layerCount}`)
      block.push({ part: match[2] ?? "", tensor })
    }
  }
  const missing = blocks.findIndex((block) => block.length === 0)
  if (missing >= 0) throw brokenModel(name, `its header lists no tensors of layer ${missing} of its ${layerCount}`)
  return { blocks, outside }
}
