import type { GatewayProblem } from "./gateway-problem.ts"
import type { JsonObject } from "./json-object.ts"
import type { TokenUsage } from "./token-usage.ts"
import type { WantedChoices } from "./wanted-choices.ts"

/** What an engine is asked on; all dialects come down to these. */
export type EnginePath = "/v1/chat/completions" | "/v1/completions" | "/v1/embeddings"

/** A request that has passed the checks of its dialect. */
export interface Asked {
  /** As the client wrote it; it goes to no engine. */
  readonly model: string
  readonly stream: boolean
  /** What the engine is asked, but for `model`. */
  readonly body: JsonObject
  /** Fields that were left out as no engine is to see them. */
  readonly ignored: readonly string[]
  /** Where more than one choice is asked for: each is asked for by itself. */
  readonly choices?: WantedChoices | undefined
}

/** What an answer needs that is not in the engine's. */
export interface AnswerNames {
  /** What the client is to read as the model's name. */
  readonly model: string
  /** Unique, of letters and digits, without a prefix. */
  readonly id: string
  /** Seconds since 1970. */
  readonly createdS: number
}

/** What the client can quote where something went wrong: the same in the answer's header and within an error. */
export function requestIdOf(id: AnswerNames["id"]): string {
  return `req_${id}`
}

/** Turns the engine's chunks of one answer into text for the client. Used once. */
export interface StreamWriter {
  /** A chunk of the engine's, in order, which may be changed by this. The text may be empty. */
  chunk(chunk: JsonObject): string
  /** The engine has ended the stream as it should. */
  end(usage: TokenUsage | undefined): string
  /** It has not. Nothing follows. */
  fail(problem: GatewayProblem): string
}

/** A model as far as words about it need it. */
export interface AskedModel {
  /** As the client knows it. */
  readonly name: string
  /** Of each request. */
  readonly contextTokens: number
}

/** One dialect: a pure translation between clients and engines. */
export interface Dialect {
  readonly name: "chat" | "completions" | "embeddings" | "responses" | "messages"
  readonly enginePath: EnginePath
  /** Whether errors are in Anthropic's shape. */
  readonly isAnthropic: boolean
  /** @throws {GatewayProblem} bad_request, unsupported */
  read(body: JsonObject): Asked
  /** The engine's whole answer for the client. @throws {GatewayProblem} broken where it is none */
  answer(asked: Asked, original: JsonObject, answer: JsonObject, names: AnswerNames): JsonObject
  stream(asked: Asked, original: JsonObject, names: AnswerNames): StreamWriter
  /** What an engine's refusal is to a client; absent: what the engine says. */
  explain?(problem: GatewayProblem, model: AskedModel): GatewayProblem
}
