import type { IncomingMessage } from "node:http"
import { engineError, readEngineError } from "../../gateway/engine-error.ts"
import { EventStreamReader } from "../../gateway/event-stream.ts"
import { type JsonObject, objectOf, parseJson } from "../../gateway/json-object.ts"
import { ReplicaLost } from "./ask-engine.ts"
import type { GatewayLimits } from "./gateway-limits.ts"
import type { Replica } from "./served-models.ts"

/** An engine that has sent its end mark ends its answer within this. */
const END_MS = 2_000

/** Whose answer it is. */
export interface AnswerSource {
  readonly replica: Replica
  readonly name: string
}

/** The whole text of an answer. @throws {ReplicaLost} where it is cut, silent or too long */
async function wholeText(response: IncomingMessage, limits: GatewayLimits, { name }: AnswerSource): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of watched(response, limits, name)) {
    bytes += chunk.length
    if (bytes > limits.answerBytes) throw new ReplicaLost("it is too long", name)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString("utf8")
}

/** The whole JSON of a good answer. @throws {GatewayProblem}, {ReplicaLost} */
export async function wholeAnswer(
  response: IncomingMessage,
  limits: GatewayLimits,
  source: AnswerSource,
): Promise<JsonObject> {
  const body = await goodText(response, limits, source)
  const answer = objectOf(parseJson(body))
  if (answer === undefined) throw new ReplicaLost("it was cut", source.name)
  if (answer.error !== undefined && answer.error !== null) throwError(answer, source)
  return answer
}

async function goodText(response: IncomingMessage, limits: GatewayLimits, source: AnswerSource): Promise<string> {
  const text = await wholeText(response, limits, source)
  const status = response.statusCode ?? 0
  if (status === 200) return text
  const { problem, isReplicaLost } = readEngineError(status, text, source.name, source.replica.model)
  throw isReplicaLost ? new ReplicaLost("its engine is not ready", source.name) : problem
}

/** The chunks of a stream, those of each read together, up to its end mark. @throws {GatewayProblem}, {ReplicaLost} where it is cut before that */
export async function* chunksOf(
  response: IncomingMessage,
  limits: GatewayLimits,
  source: AnswerSource,
): AsyncGenerator<JsonObject[]> {
  if (response.statusCode !== 200) await goodText(response, limits, source)
  const reader = new EventStreamReader()
  for await (const bytes of watched(response, limits, source.name, (data) => data.includes("data:"))) {
    const chunks: JsonObject[] = []
    let isOver = false
    for (const { event, data } of readEvents(reader, bytes, source.name)) {
      if (data.trim() === "[DONE]") {
        isOver = true
        break
      }
      const chunk = objectOf(parseJson(data))
      if (chunk === undefined) throw new ReplicaLost("its engine sent what is no JSON", source.name)
      if (event === "error" || (chunk.error !== undefined && chunk.error !== null)) {
        if (chunks.length > 0) yield chunks
        throwError(chunk, source)
      }
      chunks.push(chunk)
    }
    if (chunks.length > 0) yield chunks
    if (isOver) {
      letEnd(response)
      return
    }
  }
  throw new ReplicaLost("it was cut", source.name)
}

function readEvents(reader: EventStreamReader, bytes: Uint8Array, name: string) {
  try {
    return reader.push(bytes)
  } catch (cause) {
    throw new ReplicaLost("its engine sent an event that is too long", name, { cause })
  }
}

/** An error in an answer whose status was good. Shapes: `{error: {...}}`; llama.cpp's event `error` has the error itself. */
function throwError(body: JsonObject, { name, replica }: AnswerSource): never {
  const shaped = body.error === undefined || body.error === null ? { error: body } : body
  const { problem, isReplicaLost } = engineError(500, shaped, name, replica.model)
  throw isReplicaLost ? new ReplicaLost("its engine failed", name) : problem
}

/** What is left is nothing but the end of the answer: once it has come, the connection can be used again. */
function letEnd(response: IncomingMessage): void {
  const timer = setTimeout(() => response.destroy(), END_MS)
  response.once("close", () => clearTimeout(timer))
  response.once("error", () => {})
  response.resume()
}

/** The bytes of an answer. Bytes that are no progress, as comments of a stream, do not count as a sign of life. */
async function* watched(
  response: IncomingMessage,
  { silenceMs }: GatewayLimits,
  name: string,
  isProgress: (bytes: Buffer) => boolean = () => true,
): AsyncGenerator<Buffer> {
  const silent = new ReplicaLost("its engine has been silent for too long", name)
  const timer = setTimeout(() => response.destroy(silent), silenceMs)
  try {
    for await (const bytes of response.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      if (isProgress(bytes)) timer.refresh()
      yield bytes
    }
  } catch (error) {
    throw error instanceof ReplicaLost ? error : new ReplicaLost("it was cut", name, { cause: error })
  } finally {
    clearTimeout(timer)
  }
}
