import type { IncomingMessage } from "node:http"
import { engineError, readEngineError } from "../../gateway/engine-error.ts"
import { EventStreamReader, type StreamEvent } from "../../gateway/event-stream.ts"
import { type JsonObject, objectOf, parseJson } from "../../gateway/json-object.ts"
import { ReplicaLost } from "./ask-engine.ts"
import type { GatewayLimits } from "./gateway-limits.ts"
import type { Replica } from "./served-models.ts"

/** An engine that has sent its end mark ends its answer within this. */
const END_MS = 2_000

const SILENT = "its engine has been silent for too long"

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
  if (answer === undefined) throw new ReplicaLost("it was cut", source.name, { isCut: true })
  if (answer.error !== undefined && answer.error !== null) throwError(answer, source)
  return answer
}

async function goodText(response: IncomingMessage, limits: GatewayLimits, source: AnswerSource): Promise<string> {
  const text = await wholeText(response, limits, source)
  const status = response.statusCode ?? 0
  if (status === 200) return text
  const { problem, isReplicaLost } = readEngineError(status, text, source.name, source.replica.model)
  throw isReplicaLost ? new ReplicaLost("its engine is not ready", source.name, { isCut: true }) : problem
}

/** Takes the chunks that came together. @returns what is to be waited for before more are read */
export type TakeChunks = (chunks: JsonObject[]) => Promise<void> | undefined

/**
 * Reads the chunks of a stream; resolves at its end mark.
 * @throws {GatewayProblem}, {ReplicaLost} where it is cut before that; what `take` throws
 */
export async function readChunks(
  response: IncomingMessage,
  limits: GatewayLimits,
  source: AnswerSource,
  take: TakeChunks,
): Promise<void> {
  if (response.statusCode !== 200) await goodText(response, limits, source)
  return new ChunkReader(response, limits, source, take).isOver
}

/** Listens to a stream rather than iterating over it: two thousand at once are no more than what they hold. */
class ChunkReader {
  readonly isOver: Promise<void>
  readonly #response: IncomingMessage
  readonly #source: AnswerSource
  readonly #take: TakeChunks
  readonly #events = new EventStreamReader()
  readonly #silence: NodeJS.Timeout
  readonly #end: PromiseWithResolvers<void>

  constructor(response: IncomingMessage, { silenceMs }: GatewayLimits, source: AnswerSource, take: TakeChunks) {
    this.#response = response
    this.#source = source
    this.#take = take
    this.#end = Promise.withResolvers()
    this.isOver = this.#end.promise
    const silent = () => new ReplicaLost(SILENT, source.name, { isSilent: true })
    this.#silence = setTimeout(() => this.#fail(silent()), silenceMs)
    response.setEncoding("utf8")
    response.on("data", this.#onData)
    response.once("end", this.#onCut)
    response.once("close", this.#onCut)
    response.on("error", this.#onCut)
  }

  #onData = (text: string): void => {
    // Comments are no progress.
    if (text.includes("data:")) this.#silence.refresh()
    try {
      const isOver = this.#read(this.#events.push(text))
      if (!isOver) return
      this.#stop()
      letEnd(this.#response)
      this.#end.resolve()
    } catch (error) {
      this.#fail(error instanceof RangeError ? this.#lost("its engine sent an event that is too long", error) : error)
    }
  }

  #onCut = (cause?: Error): void => this.#fail(new ReplicaLost("it was cut", this.#source.name, { cause, isCut: true }))

  /** Whether the end mark was among them. */
  #read(events: readonly StreamEvent[]): boolean {
    const chunks: JsonObject[] = []
    for (const { event, data } of events) {
      if (data.trim() === "[DONE]") {
        this.#hand(chunks)
        return true
      }
      const chunk = objectOf(parseJson(data))
      if (chunk === undefined) throw this.#lost("its engine sent what is no JSON")
      if (event === "error" || (chunk.error !== undefined && chunk.error !== null)) {
        this.#hand(chunks)
        throwError(chunk, this.#source)
      }
      chunks.push(chunk)
    }
    this.#hand(chunks)
    return false
  }

  #hand(chunks: JsonObject[]): void {
    const room = chunks.length === 0 ? undefined : this.#take(chunks)
    if (room === undefined) return
    this.#response.pause()
    room.then(
      () => this.#response.resume(),
      (error: unknown) => this.#fail(error),
    )
  }

  #lost(reason: string, cause?: Error): ReplicaLost {
    return new ReplicaLost(reason, this.#source.name, cause === undefined ? {} : { cause })
  }

  #fail(error: unknown): void {
    this.#stop()
    this.#end.reject(error)
  }

  #stop(): void {
    clearTimeout(this.#silence)
    this.#response.off("data", this.#onData).off("end", this.#onCut).off("close", this.#onCut)
  }
}

/** An error in an answer whose status was good. Shapes: `{error: {...}}`; llama.cpp's event `error` has the error itself. */
function throwError(body: JsonObject, { name, replica }: AnswerSource): never {
  const shaped = body.error === undefined || body.error === null ? { error: body } : body
  const { problem, isReplicaLost } = engineError(500, shaped, name, replica.model)
  throw isReplicaLost ? new ReplicaLost("its engine failed", name, { isCut: true }) : problem
}

/** What is left is nothing but the end of the answer: once it has come, the connection can be used again. */
function letEnd(response: IncomingMessage): void {
  const timer = setTimeout(() => response.destroy(), END_MS)
  response.once("close", () => clearTimeout(timer))
  response.once("error", () => {})
  response.resume()
}

/** The bytes of a whole answer. */
async function* watched(response: IncomingMessage, { silenceMs }: GatewayLimits, name: string): AsyncGenerator<Buffer> {
  const timer = setTimeout(() => response.destroy(new ReplicaLost(SILENT, name, { isSilent: true })), silenceMs)
  try {
    for await (const bytes of response.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      timer.refresh()
      yield bytes
    }
  } catch (error) {
    throw error instanceof ReplicaLost ? error : new ReplicaLost("it was cut", name, { cause: error, isCut: true })
  } finally {
    clearTimeout(timer)
  }
}
