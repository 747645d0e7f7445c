import type { IncomingMessage } from "node:http"
import { WindfallError } from "../../protocol/errors.ts"
import type { Client } from "../client.ts"
import { readEvents } from "../event-stream.ts"
import { readText } from "../http-body.ts"

export interface ChatMessage {
  readonly role: "system" | "user" | "assistant"
  readonly content: string
}

export interface ChatRequest {
  readonly key: string
  readonly model: string
  readonly messages: readonly ChatMessage[]
  readonly signal: AbortSignal
}

/** A piece of an answer; thinking is what some models say before it. */
export interface ChatPiece {
  readonly kind: "text" | "thinking"
  readonly text: string
}

interface Refusal {
  readonly message?: unknown
  readonly code?: unknown
}

interface Chunk {
  readonly error?: Refusal | null
  readonly choices?: readonly {
    readonly delta?: { readonly content?: unknown; readonly reasoning_content?: unknown } | null
  }[]
}

/**
 * An answer piece by piece, as the model makes it.
 * @throws {WindfallError} what the gateway says; the signal's reason
 */
export async function* askModel(client: Client, request: ChatRequest): AsyncGenerator<ChatPiece> {
  const { key, model, messages, signal } = request
  const response = await client.open("POST", "/v1/chat/completions", {
    body: { model, messages, stream: true },
    headers: { authorization: `Bearer ${key}` },
    signal,
    readRefusal: (refused) => refusalOf(refused, request),
  })
  let isWhole = false
  for await (const { data } of readEvents(response)) {
    if (data.trim() === "[DONE]") {
      isWhole = true
      break
    }
    const chunk = JSON.parse(data) as Chunk
    if (chunk.error != null) throw refused(request, chunk.error)
    const delta = chunk.choices?.[0]?.delta
    if (typeof delta?.reasoning_content === "string" && delta.reasoning_content !== "")
      yield { kind: "thinking", text: delta.reasoning_content }
    if (typeof delta?.content === "string" && delta.content !== "") yield { kind: "text", text: delta.content }
  }
  signal.throwIfAborted()
  if (!isWhole) throw refused(request, { message: "its answer was cut" })
}

async function refusalOf(response: IncomingMessage, request: ChatRequest): Promise<WindfallError> {
  const text = await readText(response)
  try {
    return refused(request, (JSON.parse(text) as Chunk).error ?? {})
  } catch {
    return refused(request, { message: `the server answered ${response.statusCode}` })
  }
}

function refused({ model, messages }: ChatRequest, { message, code }: Refusal): WindfallError {
  // It was known when the conversation began.
  if (code === "model_not_found")
    return new WindfallError("wrong_state", `Cannot ask ${model}: it is not served any more`, {
      hint: `Serve it: windfall model serve ${model}   how it stands: windfall model show ${model}`,
    })
  const text = `Cannot ask ${model}: ${typeof message === "string" ? message : "it failed"}`
  if (code !== "context_length_exceeded" && code !== "request_too_large")
    return new WindfallError("wrong_state", text, { hint: `How it stands: windfall model show ${model}` })
  const isFirst = !messages.some(({ role }) => role === "assistant")
  const less = isFirst ? "Ask less at once" : "/clear begins anew, without what was said so far"
  const more = `; windfall model serve ${model} --context TOKENS gives it more room`
  return new WindfallError("too_large", text, { hint: code === "request_too_large" ? less : less + more })
}
