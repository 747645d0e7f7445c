import { WindfallError } from "../../protocol/errors.ts"
import type { ModelPurpose } from "../../protocol/model-api.ts"
import type { ModelFacts, Pooling } from "./model-facts.ts"

/** What clients ask such a model for. @throws {WindfallError} `invalid_input` where it is for what is not served */
export function servedPurpose({ name, architecture, pooling }: ModelFacts): ModelPurpose {
  if (pooling === null) return "text"
  if (pooling !== "rank" && pooling !== "none") return "embeddings"
  const reason =
    pooling === "rank"
      ? "it ranks texts (its header has pooling_type 4), and rerankers are not served"
      : `its header does not say how one vector is made of a text (${architecture}.pooling_type)`
  throw new WindfallError("invalid_input", `Cannot serve ${name}: ${reason}`, {
    hint:
      pooling === "rank"
        ? "Serve an embedding model, and compare its vectors"
        : "Convert it anew with llama.cpp's convert_hf_to_gguf.py, from a folder that has modules.json and 1_Pooling/config.json",
  })
}

const WAYS: Readonly<Record<Pooling, string>> = {
  mean: "as the mean of all tokens",
  cls: "as the first token's",
  last: "as the last token's",
  none: "one for each token alone: it cannot be served",
  rank: "",
}

/** What it makes, for people: "embeddings of 384 numbers, as the mean of all tokens". */
export function makesText({ pooling, hiddenSize }: ModelFacts): string {
  if (pooling === null) return "text"
  if (pooling === "rank") return "ranks of texts: it cannot be served"
  return `embeddings of ${hiddenSize} numbers, ${WAYS[pooling]}`
}
