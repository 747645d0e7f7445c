import type { Agent, IncomingMessage } from "node:http"
import type { EnginePath } from "../../gateway/dialect.ts"
import { GatewayProblem } from "../../gateway/gateway-problem.ts"
import type { PaceSample } from "../../gateway/replica-paces.ts"
import type { AnswerSink } from "./answer-sink.ts"
import { askEngine, ReplicaLost } from "./ask-engine.ts"
import type { ClientAnswer } from "./client-answer.ts"
import { type AnswerSource, readChunks, wholeAnswer } from "./engine-answer.ts"
import type { GatewayLimits } from "./gateway-limits.ts"
import type { Meter } from "./meter.ts"
import type { Beginning } from "./prefix-memory.ts"
import type { Replica, ServedModel } from "./served-models.ts"
import type { Turns } from "./turns.ts"

/** One request to an engine. */
export interface Exchange {
  readonly agent: Agent
  readonly limits: GatewayLimits
  /** What the client calls the model. */
  readonly name: string
  readonly path: EnginePath
  readonly stream: boolean
  readonly user: string
  readonly beginnings: readonly Beginning[]
  /** What the engine is asked, but for `model`: the JSON of an object with at least one field. */
  readonly text: string
  readonly turns: Turns
  /** Its turn has come. @throws {GatewayProblem} where it may not go on meanwhile */
  readonly onTurn: () => void
  readonly client: ClientAnswer
  readonly meter: Meter
  readonly model: () => ServedModel | undefined
  /** Ends with the client, the key and the server. */
  readonly signal: AbortSignal
  /** Where the answer goes; a new one for each try. */
  readonly sink: () => AnswerSink
}

/**
 * Brings a request to a replica, and to another one as long as the client has seen no token, and the answer to the client.
 * @throws {GatewayProblem} what the client is to be told, where no token was seen; the signal's reason
 */
export async function carryOut(exchange: Exchange): Promise<void> {
  const { signal, turns, user, beginnings, limits, meter } = exchange
  const excluded = new Set<string>()
  let isAsked = false
  // Also while it waits: a cold model may take longer than clients wait for a first byte.
  if (exchange.stream) exchange.client.keepAlive(() => (isAsked ? "working on it" : waitingText(exchange)))
  for (;;) {
    isAsked = false
    const turn = await turns.take({ user, beginnings, excluded }, signal)
    isAsked = true
    let pace: PaceSample | undefined
    try {
      exchange.onTurn()
      meter.begin(turn.expected)
      await askReplica(exchange, turn.replica)
      pace = meter.pace
      return
    } catch (error) {
      if (signal.aborted) meter.cut(exchange.stream)
      signal.throwIfAborted()
      if (!(error instanceof ReplicaLost)) throw error
      excluded.add(turn.replica.id)
      meter.forget()
      exchange.model()?.failed(turn.replica, error.message)
      // One that was stopped meanwhile comes back for nobody.
      if (excluded.size >= limits.tries || exchange.model() === undefined) throw error.problem
      if (error.isCut) await keepFromOthers(turn.replica, exchange)
    } finally {
      turn.release(meter.tokens, pace)
    }
  }
}

/** Told to come again after so long, clients that try by themselves do not. */
const RETRY_MEMORY_S = 120

/**
 * A request of which an engine may have died for want of memory is not brought to the next one: it would take the model from everybody.
 * @throws {GatewayProblem} not_ready
 */
async function keepFromOthers({ lostForMemory }: Replica, { name, signal }: Exchange): Promise<void> {
  const why = (await lostForMemory?.(signal)) ?? null
  signal.throwIfAborted()
  if (why === null) return
  throw new GatewayProblem(
    "not_ready",
    `The answer of ${name} was lost: ${why}. It is not asked for elsewhere, as this request may have been the cause: send a shorter one, or serve the model with less context or fewer slots`,
    { retryAfterS: RETRY_MEMORY_S },
  )
}

function waitingText({ model, name }: Exchange): string {
  const found = model()
  if (found === undefined || found.replicas.length > 0) return "waiting for its turn"
  return `${name} ${found.progress?.() ?? "is not up yet"}`
}

async function askReplica(exchange: Exchange, replica: Replica): Promise<void> {
  const { agent, limits, name, path, signal } = exchange
  let response: IncomingMessage | undefined
  try {
    const body = `{"model":${JSON.stringify(replica.model)},${exchange.text.slice(1)}`
    response = await askEngine(agent, limits, { replica, name, path, body, signal })
    const source = { replica, name }
    const sink = exchange.sink()
    if (exchange.stream) return await relay(exchange, sink, source, response)
    const answer = await wholeAnswer(response, limits, source)
    exchange.meter.note(answer)
    await sink.whole(answer)
  } catch (error) {
    // Whatever went wrong: nothing of the request is to go on at the engine.
    response?.destroy()
    throw ReplicaLost.at(replica, name, error)
  }
}

/**
 * Passes a stream on. What comes before the first token is held back, so that until then nobody sees from whom it comes; what goes
 * wrong later is told within the stream.
 * @param response destroyed where something goes wrong, so that nothing goes on at the engine
 */
async function relay(
  exchange: Exchange,
  sink: AnswerSink,
  source: AnswerSource,
  response: IncomingMessage,
): Promise<void> {
  const { meter, signal, limits } = exchange
  let isSeen = false
  try {
    await readChunks(response, limits, source, (chunks) => {
      for (const chunk of chunks) if (meter.note(chunk)) isSeen = true
      return sink.chunks(chunks, isSeen)
    })
    await sink.end()
  } catch (error) {
    if (!isSeen) throw error
    response.destroy()
    // One that was told to end is not to blame for ending.
    if (error instanceof ReplicaLost && !signal.aborted) exchange.model()?.failed(source.replica, error.message)
    await sink.cut(signal.aborted ? signal.reason : ReplicaLost.at(source.replica, source.name, error))
  }
}
