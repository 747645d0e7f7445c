import type { Agent, IncomingMessage } from "node:http"
import type { EnginePath } from "../../gateway/dialect.ts"
import type { PaceSample } from "../../gateway/replica-paces.ts"
import type { AnswerSink } from "./answer-sink.ts"
import type { Apart } from "./apart.ts"
import { askEngine, ReplicaLost } from "./ask-engine.ts"
import type { BlamedRequests } from "./blamed-requests.ts"
import type { ClientAnswer } from "./client-answer.ts"
import { type AnswerSource, readChunks, wholeAnswer } from "./engine-answer.ts"
import type { GatewayLimits } from "./gateway-limits.ts"
import type { HeldBody } from "./held-bytes.ts"
import { keepFromOthers } from "./keep-from-others.ts"
import type { Meter } from "./meter.ts"
import type { Beginning } from "./prefix-memory.ts"
import type { Replica, ServedModel } from "./served-models.ts"
import type { Turn, Turns } from "./turns.ts"

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
  /** What the engine is asked, but for `model`. */
  readonly body: HeldBody
  /** No other replica will be asked: what holds the request can be given back. */
  readonly onSeen?: () => void
  readonly turns: Turns
  readonly blamed: BlamedRequests
  /** How much more than others it may be the cause where an engine stands still. */
  readonly weight: number
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
  const { signal, turns, user, beginnings, limits, meter, body, blamed, name } = exchange
  const excluded = new Set<string>()
  let silences = 0
  let losses = 0
  let isAsked = false
  blamed.refuse(name, body.digest)
  // Also while it waits: a cold model may take longer than clients wait for a first byte.
  if (exchange.stream) exchange.client.keepAlive(() => (isAsked ? "working on it" : waitingText(exchange)))
  for (;;) {
    isAsked = false
    const apart = await blamed.apart(name, body.digest, exchange)
    let turn: Turn | undefined
    let pace: PaceSample | undefined
    try {
      turn = await turns.take({ user, beginnings, excluded }, signal)
      isAsked = true
      exchange.onTurn()
      // Meanwhile another one of its kind may have ended an engine.
      blamed.refuse(name, body.digest)
      meter.begin(turn.expected)
      if (await askReplica(exchange, turn.replica, apart)) blamed.clear(name, body.digest)
      pace = meter.pace
      return
    } catch (error) {
      if (turn === undefined) throw error
      if (signal.aborted) meter.cut(exchange.stream)
      signal.throwIfAborted()
      if (!(error instanceof ReplicaLost)) throw error
      excluded.add(turn.replica.id)
      meter.forget()
      exchange.model()?.failed(turn.replica, error.message)
      // One that was stopped meanwhile comes back for nobody.
      if (exchange.model() === undefined) throw error.problem
      if (error.isSilent && ++silences >= MOST_SILENCES) throw error.problem
      const isOfAnother =
        error.isCut && (await keepFromOthers(turn.replica, { name, digest: body.digest, blamed, signal }))
      if (!isOfAnother && ++losses >= limits.tries) throw error.problem
    } finally {
      apart?.over()
      turn?.release(meter.tokens, pace)
    }
  }
}

/** An engine is silent for ten minutes at a time, and another one would likely be, too. */
const MOST_SILENCES = 2

function waitingText({ model, name }: Exchange): string {
  const found = model()
  if (found === undefined || found.replicas.length > 0) return "waiting for its turn"
  return `${name} ${found.progress?.() ?? "is not up yet"}`
}

/**
 * @param apart its place in the line of those that are tried one at a time
 * @returns whether the answer came whole; else its client was told within the stream
 */
async function askReplica(exchange: Exchange, replica: Replica, apart: Apart | undefined): Promise<boolean> {
  const { agent, limits, name, path, signal, blamed, body } = exchange
  const { readings } = replica
  if (readings !== undefined) {
    blamed.follow(name, readings)
    await apart?.begin(readings, () => exchange.turns.look(), signal)
  }
  const reading = readings?.begin(body.digest, exchange.weight > 0)
  if (reading !== undefined) apart?.reads(reading)
  let response: IncomingMessage | undefined
  try {
    const asked = { begin: `{"model":${JSON.stringify(replica.model)},`, rest: body.forEngine() }
    response = await askEngine(agent, limits, { replica, name, path, ...asked, signal })
    const source = { replica, name }
    const sink = exchange.sink()
    const onToken = () => {
      reading?.token()
      apart?.over()
    }
    if (exchange.stream && !(await relay(exchange, sink, source, response, onToken))) {
      reading?.leave()
      return false
    }
    const answer = exchange.stream ? undefined : await wholeAnswer(response, limits, source)
    reading?.over()
    if (answer === undefined) return true
    exchange.meter.note(answer)
    await sink.whole(answer)
    return true
  } catch (error) {
    // Whatever went wrong: nothing of the request is to go on at the engine.
    response?.destroy()
    const isLost = error instanceof ReplicaLost
    if (signal.aborted || (isLost && (error.isCut || error.isSilent))) reading?.leave()
    else reading?.over()
    throw ReplicaLost.at(replica, name, error)
  }
}

/**
 * Passes a stream on. What comes before the first token is held back, so that until then nobody sees from whom it comes; what goes
 * wrong later is told within the stream.
 * @param response destroyed where something goes wrong, so that nothing goes on at the engine
 * @param onToken is called with each that the client sees
 * @returns whether it came whole
 */
async function relay(
  exchange: Exchange,
  sink: AnswerSink,
  source: AnswerSource,
  response: IncomingMessage,
  onToken: () => void,
): Promise<boolean> {
  const { meter, signal, limits } = exchange
  let isSeen = false
  try {
    await readChunks(response, limits, source, (chunks) => {
      for (const chunk of chunks) if (meter.note(chunk)) isSeen = true
      if (isSeen) {
        onToken()
        exchange.onSeen?.()
      }
      return sink.chunks(chunks, isSeen)
    })
    await sink.end()
    return true
  } catch (error) {
    if (!isSeen) throw error
    response.destroy()
    // One that was told to end is not to blame for ending.
    if (error instanceof ReplicaLost && !signal.aborted) exchange.model()?.failed(source.replica, error.message)
    await sink.cut(signal.aborted ? signal.reason : ReplicaLost.at(source.replica, source.name, error))
    return false
  }
}
