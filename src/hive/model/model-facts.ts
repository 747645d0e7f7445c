import type { FileLack } from "./file-lack.ts"

/**
 * What a layer keeps for each slot. attention: keys and values of each token, of the last `windowTokens` only where that is not
 * `null`; latent: one compressed vector a token in place of both (MLA); recurrent: a state whose size no context changes.
 */
export type LayerCache =
  | {
      readonly kind: "attention"
      readonly keyElements: number
      readonly valueElements: number
      readonly windowTokens: number | null
    }
  | { readonly kind: "latent"; readonly elements: number }
  | { readonly kind: "recurrent"; readonly elements: number }

export interface LayerFacts {
  /** All of its weights. */
  readonly bytes: number
  /** What of them is read for one token: all but the experts that are not used. */
  readonly activeBytes: number
  readonly activeParameters: number
  /** None for layers that are loaded and not run (those that predict further tokens). */
  readonly cache: readonly LayerCache[]
}

/** The file beside a model by which it sees images (`mmproj`): its head alone has it. */
export interface ProjectorFacts {
  readonly file: string
  readonly bytes: number
  /** For the largest image that it takes, and for as many images as a request may have, before they are encoded. */
  readonly computeBytes: number
  /** Not, where it hears only. */
  readonly seesImages: boolean
}

/**
 * How one vector is made of those of a text's tokens: their mean, the first one's (cls), the last one's; rank: a number that says how well a text
 * answers another one; none: not at all.
 */
export type Pooling = "none" | "mean" | "cls" | "last" | "rank"

/** What planning needs to know of a model: from its headers alone. Bytes are of weights as they lie in the files. */
export interface ModelFacts {
  /** What people call it: the file's or folder's name. */
  readonly name: string
  readonly format: "gguf" | "safetensors"
  /** As the file names it: "llama", "qwen3moe". */
  readonly architecture: string
  /** "Q4_K_M", "4 bit", "BF16". */
  readonly quantisation: string
  readonly parameters: number
  readonly layers: readonly LayerFacts[]
  /** The table of token embeddings. */
  readonly embeddingBytes: number
  /** The matrix that makes tokens of the last layer's result; 0 where the embeddings serve for that. */
  readonly outputBytes: number
  readonly outputParameters: number
  /** What belongs to no layer: norms, encoders of images. */
  readonly otherBytes: number
  readonly hiddenSize: number
  readonly feedForwardSize: number
  readonly vocabularySize: number
  /** No token stands for more bytes of text; `null`: none is known to be the longest. */
  readonly longestTokenBytes: number | null
  /** Its chat template may write what tools there are; false: it certainly does not. */
  readonly knowsTools: boolean
  /** What it was trained for; `null` where the file does not say. */
  readonly contextTokens: number | null
  readonly heads: number | null
  readonly kvHeads: number | null
  /** Of what its cache keeps, as far as the header says: numbers of one head's key or value, each size once. */
  readonly cacheHeadSizes?: readonly number[]
  readonly experts: { readonly count: number; readonly used: number } | null
  /** The embeddings are also the output matrix. */
  readonly isTied: boolean
  /** `null`: it writes texts; else it makes embeddings of them, or ranks them. */
  readonly pooling: Pooling | null
  /** `null`: it takes texts only. */
  readonly projector: ProjectorFacts | null
  /** Of its files the first that ends too early; `null`: all are whole. Such a model can be planned, and not be served. */
  readonly lack: FileLack | null
  /** What was taken to be so and cannot be seen in the headers, in sentences. */
  readonly notes: readonly string[]
}

export function weightBytes(model: ModelFacts): number {
  return (
    model.layers.reduce((sum, { bytes }) => sum + bytes, 0) +
    model.embeddingBytes +
    model.outputBytes +
    model.otherBytes +
    (model.projector?.bytes ?? 0)
  )
}

/** An encoder: it keeps nothing of a text that it has read. */
export function isWithoutCache({ layers }: ModelFacts): boolean {
  return layers.every(({ cache }) => cache.length === 0)
}

/** What is read to make one token: of experts the used ones, of the embeddings only what makes the output. */
export function activeBytes(model: ModelFacts): number {
  return model.layers.reduce((sum, layer) => sum + layer.activeBytes, outputReadBytes(model))
}

/** What the last step of each token reads. */
export function outputReadBytes(model: ModelFacts): number {
  return model.isTied ? model.embeddingBytes : model.outputBytes
}
