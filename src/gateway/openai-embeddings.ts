import type { Dialect } from "./dialect.ts"
import { badRequest, GatewayProblem } from "./gateway-problem.ts"
import { objectsOf } from "./json-object.ts"
import { explainEmbeddings } from "./refuse-embeddings.ts"
import { pickFields, readModel } from "./request-fields.ts"
import { isTokens } from "./token-prompts.ts"

/** As OpenAI has it. */
const MOST_INPUTS = 2_048

/** POST /v1/embeddings. Engines are asked for numbers always; OpenAI's SDKs ask for base64 unless told otherwise. */
export const openAiEmbeddings: Dialect = {
  name: "embeddings",
  enginePath: "/v1/embeddings",
  isAnthropic: false,
  read(body) {
    const model = readModel(body)
    const format = body.encoding_format ?? "float"
    if (format !== "float" && format !== "base64")
      throw badRequest("'encoding_format' must be float or base64", "encoding_format")
    const dimensions = body.dimensions ?? 1
    if (!Number.isSafeInteger(dimensions) || (dimensions as number) < 1)
      throw badRequest("'dimensions' must be a whole number from 1 on", "dimensions")
    const { ignored } = pickFields(body, new Set(["input", "dimensions"]))
    return { model, stream: false, body: { input: readInput(body.input), encoding_format: "float" }, ignored }
  },
  answer(_asked, original, answer, { model }) {
    const data = objectsOf(answer.data)
    if (data.length === 0) throw new GatewayProblem("broken", "The engine's answer has no embeddings")
    const asBase64 = original.encoding_format === "base64"
    const dimensions = original.dimensions ?? undefined
    return {
      ...answer,
      model,
      data: data.map((each) => {
        const vector = vectorOf(each.embedding)
        if (dimensions !== undefined && dimensions !== vector.length)
          throw badRequest(`'dimensions' cannot be chosen: this model has ${vector.length}`, "dimensions")
        return { ...each, embedding: asBase64 ? floatsToBase64(vector) : vector }
      }),
    }
  },
  explain: explainEmbeddings,
  stream() {
    throw new TypeError("Embeddings are not streamed")
  },
}

function readInput(input: unknown): unknown {
  if (typeof input === "string" && input !== "") return input
  // The numbers of one text's tokens: as many as the model's context has room for.
  if (isTokens(input)) return input
  if (!Array.isArray(input) || input.length === 0 || input.length > MOST_INPUTS)
    throw badRequest(`'input' must be a text that is not empty, or a list of 1 to ${MOST_INPUTS}`, "input")
  const isGood = input.every((each) => (typeof each === "string" && each !== "") || isTokens(each))
  if (!isGood) throw badRequest("'input' must have texts that are not empty, or numbers of tokens", "input")
  return input
}

/** llama.cpp may give the one vector of an input within a list. */
function vectorOf(embedding: unknown): number[] {
  const list: unknown = Array.isArray(embedding) && Array.isArray(embedding[0]) ? embedding[0] : embedding
  if (Array.isArray(list) && list.length > 0 && list.every((each) => typeof each === "number")) return list
  throw new GatewayProblem("broken", "The engine's answer has an embedding that is no list of numbers")
}

/** Numbers as 32-bit floats, lowest byte first, in base64: what OpenAI's clients decode. */
export function floatsToBase64(numbers: readonly number[]): string {
  const view = new DataView(new ArrayBuffer(numbers.length * 4))
  for (const [index, each] of numbers.entries()) view.setFloat32(index * 4, each, true)
  const bytes = new Uint8Array(view.buffer)
  let binary = ""
  for (let at = 0; at < bytes.length; at += 8_192) binary += String.fromCharCode(...bytes.subarray(at, at + 8_192))
  return btoa(binary)
}
