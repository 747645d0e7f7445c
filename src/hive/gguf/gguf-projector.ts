import { MOST_IMAGES, MOST_PIXELS } from "../../protocol/image-limits.ts"
import { brokenModel } from "../model/byte-source.ts"
import type { ProjectorFacts } from "../model/model-facts.ts"
import { GGML_TYPE_NAMES } from "./ggml-types.ts"
import type { GgufHeader } from "./read-gguf.ts"

/** Images are made smaller until they have so many tokens of the model, by the kinds that take any size (llama.cpp's clip.cpp). */
const MOST_TOKENS: readonly (readonly [RegExp, number])[] = [
  [/^(?:qwen|glm4v|dots)/, 4096],
  [/^hunyuan/, 16_384],
  [/^(?:pixtral|lightonocr|kimi|lfm2|paddleocr|youtuvl)/, 4096],
  [/^gemma4/, 1120],
]
/** In pixels. llama.cpp ends itself where they are 0. */
const SIDES = ["clip.vision.image_size", "clip.vision.patch_size"] as const
const USUAL_MERGE = 2
/** Of each side, where the header does not say. */
const USUAL_PATCHES = 64
/** Kinds before 2025, whose `projection_dim` is the encoder's own. */
const OLD_KINDS = /^(?:mlp|mlp_norm|ldp|ldpv2|resampler|adapter|)$/
const MOST_PATCHES = 2 ** 18
/** Of an image before it is encoded: bytes, and floats of it twice. 32 of 896 x 896 were seen to take llama.cpp 0.7 GB. */
const PIXEL_BYTES = 30
/** Of the encoder of images, or of sound: what is a layer's of a transformer. Those of other encoders are counted otherwise (`v.blk.1.0.conv`). */
const BLOCK = /^([va])\.blk\.(\d+)\.\D/
const ENCODERS = { v: "vision", a: "audio" } as const
const HINT = "Fetch it again, or leave it out: --no-images"

/**
 * What the header of a projector says.
 * @throws {WindfallError} `invalid_input` where it is none, or one that llama.cpp does not load
 */
export function ggufProjector(header: GgufHeader): ProjectorFacts & { readonly width: number | null } {
  const { name, metadata, tensors } = header
  const architecture = metadata["general.architecture"]
  if (architecture !== "clip" || tensors.length === 0)
    throw brokenModel(name, `it is no projector of images: its architecture is "${String(architecture)}"`)
  const count = (key: string): number => {
    const value = Number(metadata[key] ?? 0)
    return Number.isSafeInteger(value) && value > 0 && value < 2 ** 31 ? value : 0
  }
  const kind = String(metadata["clip.vision.projector_type"] ?? metadata["clip.projector_type"] ?? "")
  const seesImages =
    metadata["clip.has_vision_encoder"] === true ||
    (metadata["clip.has_vision_encoder"] === undefined && metadata["clip.has_audio_encoder"] !== true)
  for (const key of seesImages ? SIDES : [])
    if (metadata[key] !== undefined && count(key) === 0)
      throw brokenModel(name, `its header is damaged: ${key} is ${String(metadata[key])}`, HINT)
  checkTensors(header)
  const merge = count("clip.vision.spatial_merge_size") || count("clip.vision.projector.scale_factor") || USUAL_MERGE
  const side = count("clip.vision.image_size") / (count("clip.vision.patch_size") || 14)
  const tokens = MOST_TOKENS.find(([kinds]) => kinds.test(kind))?.[1] ?? 0
  const patches = Math.min(MOST_PATCHES, Math.max((Math.ceil(side) || USUAL_PATCHES) ** 2, tokens * merge ** 2))
  // All images of a request are unpacked and made to size before the first is encoded.
  const pixels = tokens > 0 ? MOST_PIXELS : MOST_IMAGES * count("clip.vision.image_size") ** 2
  const width = count("clip.vision.embedding_length") || 1152
  const feedForward = count("clip.vision.feed_forward_length") || 4 * width
  // As of a batch of the model: some eight results and two of the feed-forward, as floats. A window over patches is a mask of all of them, as floats and halves.
  const maskBytes = count("clip.vision.n_wa_pattern") > 0 ? 6 * patches ** 2 : 0
  return {
    file: name,
    bytes: tensors.reduce((sum, { bytes }) => sum + bytes, 0),
    computeBytes: seesImages ? 4 * patches * (8 * width + 2 * feedForward) + maskBytes + PIXEL_BYTES * pixels : 0,
    seesImages,
    width: OLD_KINDS.test(kind) ? null : count("clip.vision.projection_dim") || null,
  }
}

/** llama.cpp loads a part of each layer of a tower, and no type that it does not know; a model's own file may be of a newer one, for a newer engine. */
function checkTensors({ name, metadata, tensors }: GgufHeader): void {
  const odd = tensors.find(({ type }) => !GGML_TYPE_NAMES.has(type))
  if (odd !== undefined)
    throw brokenModel(name, `its header is damaged: tensor ${odd.name} is of ${odd.type}, which nobody knows`, HINT)
  const layers = { v: new Set<number>(), a: new Set<number>() }
  for (const tensor of tensors) {
    const [, encoder, layer] = BLOCK.exec(tensor.name) ?? []
    if (encoder === "v" || encoder === "a") layers[encoder].add(Number(layer))
  }
  for (const encoder of ["v", "a"] as const) {
    const key = `clip.${ENCODERS[encoder]}.block_count`
    const count = Number(metadata[key] ?? 0)
    let next = 0
    while (layers[encoder].has(next)) next++
    if (layers[encoder].size > 0 && next < count)
      throw brokenModel(
        name,
        `its header is damaged: ${key} is ${count}, and it lists no tensors of ${encoder}.blk.${next}`,
        HINT,
      )
  }
}
