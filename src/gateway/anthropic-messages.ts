import type { PartBegin } from "./answer-parts.ts"
import { partsOf } from "./answer-parts.ts"
import { toChatMessages } from "./anthropic-request.ts"
import { anthropicStream } from "./anthropic-stream.ts"
import { toChatToolChoice, toChatTools } from "./anthropic-tools.ts"
import { checkSampling, checkStopTexts } from "./check-sampling.ts"
import type { Dialect } from "./dialect.ts"
import { badRequest, GatewayProblem } from "./gateway-problem.ts"
import { type JsonObject, objectOf, parseJson } from "./json-object.ts"
import { requireChoices } from "./openai-chat.ts"
import { pickFields, readCount, readFlag, readModel, streamFields } from "./request-fields.ts"
import { stopWordOf, TELL_STOP_WORD } from "./stop-word.ts"
import { type TokenUsage, usageOf } from "./token-usage.ts"

const PLAIN = new Set(["temperature", "top_p", "top_k"])
const READ = ["messages", "system", "stop_sequences", "tools", "tool_choice", "thinking", "output_format"]

/** POST /v1/messages, translated from and to a chat. */
export const anthropicMessages: Dialect = {
  name: "messages",
  enginePath: "/v1/chat/completions",
  isAnthropic: true,
  read(body) {
    const model = readModel(body)
    const stream = readFlag(body, "stream")
    const most = readCount(body, "max_tokens", 1)
    if (most === undefined) throw badRequest("max_tokens: is required", "max_tokens")
    checkSampling(body)
    const { kept, ignored } = pickFields(body, PLAIN)
    return {
      model,
      stream,
      body: {
        ...kept,
        messages: toChatMessages(body.system, body.messages),
        max_tokens: most,
        ...readStops(body.stop_sequences),
        ...toChatTools(body.tools),
        ...toChatToolChoice(body.tool_choice, body.tools),
        ...readFormat(body),
        ...(wantsThinking(body) ? { chat_template_kwargs: { enable_thinking: true } } : {}),
        ...streamFields(stream),
      },
      ignored: ignored.flatMap((name) => ignoredParts(name, body)),
    }
  },
  answer(_asked, original, answer, { model, id }) {
    const { parts, finishReason } = partsOf(requireChoices(answer))
    const shown = parts.filter(({ begin }) => begin.kind !== "reasoning" || wantsThinking(original))
    return {
      id: `msg_${id}`,
      type: "message",
      role: "assistant",
      model,
      content: shown.map(({ begin, text }) => blockOf(begin, text, finishReason === "length")),
      ...stopFields(finishReason, ownStop(original, stopWordOf(answer))),
      usage: anthropicUsage(usageOf(answer)),
    }
  },
  stream: (_asked, original, names) => anthropicStream(original, wantsThinking(original), names),
}

/** What an answer is held to; by its former name, too. */
function readFormat(body: JsonObject): JsonObject {
  if ((body.output_config ?? undefined) !== undefined && objectOf(body.output_config) === undefined)
    throw badRequest("output_config: must be an object", "output_config")
  const given = objectOf(body.output_config)?.format ?? body.output_format ?? undefined
  if (given === undefined) return {}
  const format = objectOf(given)
  if (format?.type !== "json_schema" || objectOf(format.schema) === undefined)
    throw badRequest("output_config.format: must be of type json_schema, and have a schema", "output_config.format")
  return { response_format: { type: "json_schema", json_schema: { name: "output", schema: format.schema } } }
}

/** A field is named whole where nothing of it is read. */
function ignoredParts(name: string, body: JsonObject): readonly string[] {
  if (READ.includes(name)) return []
  const config = name === "output_config" ? objectOf(body.output_config) : undefined
  if (config === undefined) return [name]
  return Object.keys(config)
    .filter((part) => part !== "format" && config[part] !== null)
    .map((part) => `output_config.${part}`)
}

function readStops(value: unknown): JsonObject {
  if (value === undefined || value === null) return {}
  if (!Array.isArray(value) || !value.every((each) => typeof each === "string" && each !== ""))
    throw badRequest("stop_sequences: must be a list of texts that are not empty", "stop_sequences")
  checkStopTexts(value, "stop_sequences")
  return value.length === 0 ? {} : { stop: value, ...TELL_STOP_WORD }
}

/** Engines also stop at words of the chat template's own: those are the model's end, not one of the client's sequences. */
export function ownStop(body: JsonObject, word: string | null): string | null {
  return Array.isArray(body.stop_sequences) && body.stop_sequences.includes(word) ? word : null
}

function wantsThinking(body: JsonObject): boolean {
  const type = objectOf(body.thinking)?.type
  return type === "enabled" || type === "adaptive"
}

/** @param isCut the answer came to its most tokens: the last call may be half of one, which clients are to tell by `stop_reason` */
function blockOf(begin: PartBegin, text: string, isCut: boolean): JsonObject {
  if (begin.kind !== "tool")
    return begin.kind === "text" ? { type: "text", text } : { type: "thinking", thinking: text, signature: "" }
  const input = text === "" ? {} : (objectOf(parseJson(text)) ?? (isCut ? {} : undefined))
  if (input === undefined)
    throw new GatewayProblem("engine", `The model called the tool ${begin.name} with arguments that are no JSON object`)
  return { type: "tool_use", id: begin.id, name: begin.name, input }
}

/** @param word the sequence of the client's that was met; `null` also where the engine does not tell it from the model's own end */
export function stopFields(finishReason: string | null, word: string | null): JsonObject {
  if (finishReason === "stop" && word !== null) return { stop_reason: "stop_sequence", stop_sequence: word }
  return { stop_reason: REASONS.get(finishReason) ?? "end_turn", stop_sequence: null }
}

const REASONS: ReadonlyMap<string | null, string> = new Map([
  ["length", "max_tokens"],
  ["tool_calls", "tool_use"],
  ["content_filter", "refusal"],
])

export function anthropicUsage(usage: TokenUsage | undefined): JsonObject {
  const { promptTokens, cachedTokens, completionTokens } = usage ?? NO_TOKENS
  return {
    input_tokens: Math.max(0, promptTokens - cachedTokens),
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: cachedTokens,
    output_tokens: completionTokens,
  }
}

const NO_TOKENS: TokenUsage = { promptTokens: 0, cachedTokens: 0, completionTokens: 0 }
