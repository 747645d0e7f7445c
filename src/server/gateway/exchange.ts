import type { Agent, IncomingMessage } from "node:http"
import type { AnswerNames, Asked, Dialect } from "../../gateway/dialect.ts"
import { GatewayProblem } from "../../gateway/gateway-problem.ts"
import type { JsonObject } from "../../gateway/json-object.ts"
import type { PaceSample } from "../../gateway/replica-paces.ts"
import { askEngine, ReplicaLost } from "./ask-engine.ts"
import type { ClientAnswer } from "./client-answer.ts"
import { type AnswerSource, readChunks, wholeAnswer } from "./engine-answer.ts"
import type { GatewayLimits } from "./gateway-limits.ts"
import type { Meter } from "./meter.ts"
import type { Beginning } from "./prefix-memory.ts"
import type { Replica, ServedModel } from "./served-models.ts"
import type { Turns } from "./turns.ts"

/** All of one request that has passed the checks. */
export interface Exchange {
  readonly agent: Agent
  readonly limits: GatewayLimits
  readonly dialect: Dialect
  readonly asked: Asked
  readonly original: JsonObject
  readonly names: AnswerNames
  readonly user: string
  readonly beginnings: readonly Beginning[]
  /** What the engine is asked, but for `model`: the JSON of an object with at least one field. */
  readonly text: string
  readonly turns: Turns
  readonly client: ClientAnswer
  readonly meter: Meter
  readonly model: () => ServedModel | undefined
  /** Ends with the client, the key and the server. */
  readonly signal: AbortSignal
  /** Puts what was used to the key's account. Called once, before the answer's end. */
  count(): Promise<void>
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
  if (exchange.asked.stream) exchange.client.keepAlive(() => (isAsked ? "working on it" : waitingText(exchange)))
  for (;;) {
    isAsked = false
    const turn = await turns.take({ user, beginnings, excluded }, signal)
    isAsked = true
    let pace: PaceSample | undefined
    try {
      meter.begin()
      await askReplica(exchange, turn.replica)
      pace = meter.pace
      return
    } catch (error) {
      signal.throwIfAborted()
      if (!(error instanceof ReplicaLost)) throw error
      excluded.add(turn.replica.id)
      meter.forget()
      exchange.model()?.failed(turn.replica, error.message)
      if (excluded.size >= limits.tries) throw error.problem
    } finally {
      turn.release(meter.tokens, pace)
    }
  }
}

function waitingText({ model, names }: Exchange): string {
  const found = model()
  if (found === undefined || found.replicas.length > 0) return "waiting for its turn"
  return `${names.model} ${found.progress?.() ?? "is not up yet"}`
}

async function askReplica(exchange: Exchange, replica: Replica): Promise<void> {
  const { agent, limits, asked, names, dialect, client } = exchange
  let response: IncomingMessage | undefined
  try {
    const body = `{"model":${JSON.stringify(replica.model)},${exchange.text.slice(1)}`
    const request = { replica, name: names.model, path: dialect.enginePath, body, signal: exchange.signal }
    response = await askEngine(agent, limits, request)
    const source = { replica, name: names.model }
    if (asked.stream) return await relay(exchange, source, response)
    const answer = await wholeAnswer(response, limits, source)
    exchange.meter.note(answer)
    const shown = dialect.answer(asked, exchange.original, answer, names)
    await exchange.count()
    client.json(200, shown)
  } catch (error) {
    // Whatever went wrong: nothing of the request is to go on at the engine.
    response?.destroy()
    throw error
  }
}

/**
 * Passes a stream on. What comes before the first token is held back, so that until then nobody sees from whom it comes; what goes
 * wrong later is told within the stream.
 * @param response destroyed where something goes wrong, so that nothing goes on at the engine
 */
async function relay(exchange: Exchange, source: AnswerSource, response: IncomingMessage): Promise<void> {
  const { dialect, asked, original, names, client, meter, signal, limits } = exchange
  const writer = dialect.stream(asked, original, names)
  let held = ""
  let isSeen = false
  try {
    await readChunks(response, limits, source, (chunks) => {
      for (const chunk of chunks) {
        if (meter.note(chunk)) isSeen = true
        held += writer.chunk(chunk)
      }
      if (!isSeen || held === "") return undefined
      const text = held
      held = ""
      return client.write(text)
    })
    await exchange.count()
    client.end(held + writer.end(meter.usage))
  } catch (error) {
    if (!isSeen) throw error
    response.destroy()
    // One that was told to end is not to blame for ending.
    if (error instanceof ReplicaLost && !signal.aborted) exchange.model()?.failed(source.replica, error.message)
    await exchange.count()
    if (client.isGone) throw error
    client.end(
      writer.fail(problemOf(signal.aborted ? signal.reason : isStopped(exchange, error) ? stopped(names) : error)),
    )
  }
}

/** Its replica was let go because nobody is to have the model any more. */
function isStopped({ model }: Exchange, error: unknown): boolean {
  return error instanceof ReplicaLost && model() === undefined
}

function stopped({ model }: AnswerNames): GatewayProblem {
  return new GatewayProblem("broken", `${model} was stopped before its answer was complete`)
}

/** What a client is told of what went wrong. */
export function problemOf(error: unknown): GatewayProblem {
  if (error instanceof GatewayProblem) return error
  if (error instanceof ReplicaLost) return error.problem
  return new GatewayProblem("engine", "The server failed to answer", { cause: error })
}
