import type { PartBegin } from "./answer-parts.ts"
import type { AnswerNames } from "./dialect.ts"
import { type JsonObject, objectOf } from "./json-object.ts"
import type { TokenUsage } from "./token-usage.ts"

/** How far a response is. */
export interface ResponseState {
  readonly output: readonly JsonObject[]
  readonly usage: TokenUsage | undefined
  readonly finishReason: string | null
  readonly isOver: boolean
  /** Why it failed. */
  readonly error?: JsonObject
}

/** A `response` of the Responses dialect, with what was asked in it. */
export function responseObject(
  asked: JsonObject,
  { model, id, createdS }: AnswerNames,
  state: ResponseState,
): JsonObject {
  const { output, usage, finishReason, isOver, error } = state
  const isCut = isOver && finishReason === "length"
  const ended = isCut ? "incomplete" : "completed"
  return {
    id: `resp_${id}`,
    object: "response",
    created_at: createdS,
    status: error !== undefined ? "failed" : isOver ? ended : "in_progress",
    background: false,
    error: error ?? null,
    incomplete_details: isCut ? { reason: "max_output_tokens" } : null,
    instructions: asked.instructions ?? null,
    max_output_tokens: asked.max_output_tokens ?? null,
    metadata: objectOf(asked.metadata) ?? {},
    model,
    output,
    parallel_tool_calls: asked.parallel_tool_calls ?? true,
    previous_response_id: null,
    reasoning: { effort: objectOf(asked.reasoning)?.effort ?? null, summary: null },
    store: false,
    temperature: asked.temperature ?? null,
    text: objectOf(asked.text) ?? { format: { type: "text" } },
    tool_choice: asked.tool_choice ?? "auto",
    tools: Array.isArray(asked.tools) ? asked.tools : [],
    top_p: asked.top_p ?? null,
    truncation: "disabled",
    usage: usage === undefined ? null : responseUsage(usage),
  }
}

function responseUsage({ promptTokens, cachedTokens, completionTokens }: TokenUsage): JsonObject {
  return {
    input_tokens: promptTokens,
    input_tokens_details: { cached_tokens: cachedTokens },
    output_tokens: completionTokens,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: promptTokens + completionTokens,
  }
}

/** The last item of a response that came to its most tokens is incomplete, as the response is. */
export type ItemStatus = "in_progress" | "completed" | "incomplete"

/** One item of the output. @param id unique within the server, without a prefix */
export function itemOf(begin: PartBegin, text: string, id: string, status: ItemStatus): JsonObject {
  const isOver = status !== "in_progress"
  if (begin.kind === "tool")
    return { type: "function_call", id: `fc_${id}`, call_id: begin.id, name: begin.name, arguments: text, status }
  const content = isOver ? [contentOf(begin.kind, text)] : []
  if (begin.kind === "reasoning") return { type: "reasoning", id: `rs_${id}`, summary: [], content, status }
  return { type: "message", id: `msg_${id}`, role: "assistant", content, status }
}

export function contentOf(kind: "reasoning" | "text", text: string): JsonObject {
  return kind === "reasoning"
    ? { type: "reasoning_text", text }
    : { type: "output_text", text, annotations: [], logprobs: [] }
}
