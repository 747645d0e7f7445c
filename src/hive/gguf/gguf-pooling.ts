import { brokenModel } from "../model/byte-source.ts"
import type { Pooling } from "../model/model-facts.ts"
import { EMBEDDERS } from "./architectures.ts"
import type { GgufMetadata } from "./gguf-metadata.ts"

/** As GGUF numbers them (`enum llama_pooling_type` of llama.cpp's llama.h). */
const POOLINGS: readonly Pooling[] = ["none", "mean", "cls", "last", "rank"]

/**
 * How a model makes one vector of a text; `null`: it writes texts. A header may say it of any architecture, as of Qwen3-Embedding, which is a
 * `qwen3` else; of those that make nothing but embeddings it may lack: llama.cpp takes that for none.
 * @throws {WindfallError} `invalid_input` when the header has another number
 */
export function ggufPooling(name: string, metadata: GgufMetadata): Pooling | null {
  const isEmbedder = EMBEDDERS.has(metadata.architecture)
  const said = metadata.value("pooling_type")
  // -1 is "not said" there.
  if (said === undefined || Number(said) === -1) return isEmbedder ? "none" : null
  const pooling = POOLINGS[Number(said)]
  if (pooling === undefined)
    throw brokenModel(name, `its header is damaged: ${metadata.architecture}.pooling_type is ${String(said)}`)
  return pooling === "none" && !isEmbedder ? null : pooling
}
