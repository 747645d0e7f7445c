import { ggufHeader, type MetaValue } from "./gguf-file.ts"
import { F16, F32, writeTensors } from "./random-gguf.ts"

export interface RandomProjector {
  /** Of the model it belongs to. */
  readonly width: number
  /** An encoder of images. */
  readonly sees?: boolean
  /** In pixels; absent: 64. */
  readonly imageSize?: number
  /** Of its two layers the one that is not there. */
  readonly lacksLayer?: number
  /** The type that its last tensor is said to have. */
  readonly oddType?: number
}

const OWN_WIDTH = 32
const FEED_FORWARD = 64
const LAYERS = 2
const IMAGE_SIZE = 64
const PATCH_SIZE = 8
/** Four by four patches become one token. */
export const TOKENS_OF_IMAGE = (IMAGE_SIZE / PATCH_SIZE / 4) ** 2

/** The header of one, as of Gemma 3: a tower of transformer layers over patches, and a matrix to the model's width. */
export function projectorHeader(projector: RandomProjector) {
  return ggufHeader(metadataOf(projector), specsOf(projector))
}

/** Writes a projector of random weights that llama.cpp loads beside a model of that width. */
export function writeRandomProjector(path: string, projector: RandomProjector): void {
  writeTensors(path, projectorHeader(projector).header, specsOf(projector))
}

function metadataOf({ width, sees = true, imageSize = IMAGE_SIZE }: RandomProjector): Record<string, MetaValue> {
  return {
    "general.architecture": "clip",
    "general.name": "projector of random numbers",
    "general.file_type": 1,
    "clip.has_vision_encoder": sees,
    ...(sees ? {} : { "clip.has_audio_encoder": true }),
    "clip.projector_type": "gemma3",
    "clip.use_gelu": true,
    "clip.vision.image_size": imageSize,
    "clip.vision.patch_size": PATCH_SIZE,
    "clip.vision.embedding_length": OWN_WIDTH,
    "clip.vision.feed_forward_length": FEED_FORWARD,
    "clip.vision.block_count": LAYERS,
    "clip.vision.attention.head_count": 4,
    "clip.vision.attention.layer_norm_epsilon": 1e-6,
    "clip.vision.projection_dim": width,
    "clip.vision.image_mean": [0.5, 0.5, 0.5],
    "clip.vision.image_std": [0.5, 0.5, 0.5],
  }
}

function specsOf({ width, lacksLayer, oddType = F32 }: RandomProjector) {
  const matrix = (name: string, shape: readonly number[], type = F16) => ({
    name,
    shape,
    type,
    fill: { scale: 1 / Math.sqrt(shape[0] ?? 1) },
  })
  const norm = (name: string) => [
    { name: `${name}.weight`, shape: [OWN_WIDTH], type: F32, fill: "ones" as const },
    { name: `${name}.bias`, shape: [OWN_WIDTH], type: F32, fill: { scale: 0.1 } },
  ]
  const linear = (name: string, from: number, to: number) => [
    matrix(`${name}.weight`, [from, to]),
    { name: `${name}.bias`, shape: [to], type: F32, fill: { scale: 0.1 } },
  ]
  const layers = [...Array(LAYERS).keys()].filter((at) => at !== lacksLayer).map((at) => `v.blk.${at}`)
  return [
    matrix("v.patch_embd.weight", [PATCH_SIZE, PATCH_SIZE, 3, OWN_WIDTH], F32),
    { name: "v.patch_embd.bias", shape: [OWN_WIDTH], type: F32, fill: { scale: 0.1 } },
    matrix("v.position_embd.weight", [OWN_WIDTH, (IMAGE_SIZE / PATCH_SIZE) ** 2], F32),
    ...layers.flatMap((block) => [
      ...norm(`${block}.ln1`),
      ...norm(`${block}.ln2`),
      ...["attn_q", "attn_k", "attn_v", "attn_out"].flatMap((part) => linear(`${block}.${part}`, OWN_WIDTH, OWN_WIDTH)),
      ...linear(`${block}.ffn_up`, OWN_WIDTH, FEED_FORWARD),
      ...linear(`${block}.ffn_down`, FEED_FORWARD, OWN_WIDTH),
    ]),
    ...norm("v.post_ln"),
    matrix("mm.input_projection.weight", [width, OWN_WIDTH]),
    { name: "mm.soft_emb_norm.weight", shape: [OWN_WIDTH], type: oddType, fill: "ones" as const },
  ]
}
