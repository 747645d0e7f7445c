import { AnswerParts, type PartBegin, type PartStep } from "./answer-parts.ts"
import { anthropicError } from "./anthropic-error.ts"
import { anthropicUsage, ownStop, stopFields } from "./anthropic-messages.ts"
import { type AnswerNames, requestIdOf, type StreamWriter } from "./dialect.ts"
import { eventText } from "./event-stream.ts"
import type { JsonObject } from "./json-object.ts"
import { stopWordOf } from "./stop-word.ts"
import { promptUsageOf, type TokenUsage } from "./token-usage.ts"

/**
 * A chat's chunks in the order that Anthropic's clients rely on: message_start; of each block its start, deltas and stop; message_delta,
 * message_stop. How many tokens the prompt had is told at the beginning where the engine says it before its first token, as some clients read it
 * there only; else it is known only at the end: message_delta tells it in any case, which clients take as the later word.
 */
export function anthropicStream(asked: JsonObject, showsThinking: boolean, { model, id }: AnswerNames): StreamWriter {
  const parts = new AnswerParts()
  let hasBegun = false
  let stopWord: string | null = null
  let index = -1
  let open: PartBegin["kind"] | null = null

  const begin = (prompt?: TokenUsage): string => {
    if (hasBegun) return ""
    hasBegun = true
    const message = {
      id: `msg_${id}`,
      type: "message",
      role: "assistant",
      model,
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage: anthropicUsage(prompt),
    }
    return `${event("message_start", { message })}${event("ping", {})}`
  }

  const step = (each: PartStep): string => {
    if (each.type === "open") {
      open = each.part.kind
      if (open === "reasoning" && !showsThinking) return ""
      index++
      return event("content_block_start", { index, content_block: emptyBlock(each.part) })
    }
    if (open === null || (open === "reasoning" && !showsThinking)) return ""
    if (each.type === "text") return event("content_block_delta", { index, delta: deltaOf(open, each.text) })
    open = null
    return event("content_block_stop", { index })
  }

  return {
    chunk(chunk) {
      stopWord = stopWordOf(chunk) ?? stopWord
      return begin(promptUsageOf(chunk)) + parts.chunk(chunk).map(step).join("")
    },
    end(usage) {
      const rest = begin() + parts.end().map(step).join("")
      const delta = stopFields(parts.finishReason, ownStop(asked, stopWord))
      return rest + event("message_delta", { delta, usage: anthropicUsage(usage) }) + event("message_stop", {})
    },
    fail: (problem) => eventText(anthropicError(problem, requestIdOf(id)), "error"),
  }
}

function event(type: string, rest: JsonObject): string {
  return eventText({ type, ...rest }, type)
}

function emptyBlock(part: PartBegin): JsonObject {
  if (part.kind === "tool") return { type: "tool_use", id: part.id, name: part.name, input: {} }
  return part.kind === "text" ? { type: "text", text: "" } : { type: "thinking", thinking: "", signature: "" }
}

function deltaOf(kind: PartBegin["kind"], text: string): JsonObject {
  if (kind === "text") return { type: "text_delta", text }
  if (kind === "reasoning") return { type: "thinking_delta", thinking: text }
  return { type: "input_json_delta", partial_json: text }
}
