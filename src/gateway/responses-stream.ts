import { AnswerParts, type PartBegin, type PartStep } from "./answer-parts.ts"
import { type AnswerNames, requestIdOf, type StreamWriter } from "./dialect.ts"
import { eventText } from "./event-stream.ts"
import { type JsonObject, objectOf } from "./json-object.ts"
import { openAiError } from "./openai-error.ts"
import { contentOf, type ItemStatus, itemOf, type ResponseState, responseObject } from "./response-object.ts"
import type { TokenUsage } from "./token-usage.ts"

/** A chat's chunks as the events of the Responses dialect, numbered from 0. */
export function responsesStream(asked: JsonObject, names: AnswerNames): StreamWriter {
  const stream = new ResponsesStream(asked, names)
  return {
    chunk: (chunk) => stream.chunk(chunk),
    end: (usage) => stream.end(usage),
    fail: (problem) => stream.fail(objectOf(openAiError(problem).error)!),
  }
}

class ResponsesStream {
  readonly #asked: JsonObject
  readonly #names: AnswerNames
  readonly #parts = new AnswerParts()
  readonly #output: JsonObject[] = []
  #sequence = 0
  #open: PartBegin | null = null
  #text = ""

  constructor(asked: JsonObject, names: AnswerNames) {
    this.#asked = asked
    this.#names = names
  }

  chunk(chunk: JsonObject): string {
    return this.#begin() + this.#steps(this.#parts.chunk(chunk))
  }

  end(usage: TokenUsage | undefined): string {
    const steps = this.#parts.end()
    const last = this.#parts.finishReason === "length" ? steps.pop() : undefined
    let rest = this.#begin() + this.#steps(steps)
    if (last !== undefined) rest += this.#step(last, "incomplete")
    const response = this.#response({ usage, isOver: true })
    return rest + this.#event(`response.${String(response.status)}`, { response })
  }

  fail({ code, message }: JsonObject): string {
    const response = this.#response({ isOver: true, error: { code, message } })
    return this.#begin() + this.#event("response.failed", { response, request_id: requestIdOf(this.#names.id) })
  }

  #response(change: Partial<ResponseState>): JsonObject {
    return responseObject(this.#asked, this.#names, {
      output: this.#output,
      usage: undefined,
      finishReason: this.#parts.finishReason,
      isOver: false,
      ...change,
    })
  }

  #begin(): string {
    if (this.#sequence > 0) return ""
    const response = this.#response({})
    return this.#event("response.created", { response }) + this.#event("response.in_progress", { response })
  }

  #steps(steps: readonly PartStep[]): string {
    return steps.map((step) => this.#step(step)).join("")
  }

  /** @param ended what a part is that is closed by it */
  #step(step: PartStep, ended: ItemStatus = "completed"): string {
    const place = { output_index: this.#output.length }
    if (step.type === "open") {
      this.#open = step.part
      this.#text = ""
      const item = itemOf(step.part, "", this.#itemId(), "in_progress")
      const added = this.#event("response.output_item.added", { ...place, item })
      if (step.part.kind === "tool") return added
      const part = contentOf(step.part.kind, "")
      return added + this.#event("response.content_part.added", { ...place, ...this.#part(item), part })
    }
    const open = this.#open
    if (open === null) return ""
    const item = itemOf(open, this.#text, this.#itemId(), ended)
    if (step.type === "text") {
      this.#text += step.text
      return this.#event(`response.${DELTAS[open.kind]}.delta`, {
        ...place,
        ...(open.kind === "tool" ? { item_id: item.id } : this.#part(item)),
        delta: step.text,
        ...(open.kind === "text" ? { logprobs: [] } : {}),
      })
    }
    this.#open = null
    this.#output.push(item)
    return this.#close(open, item, place)
  }

  #close(open: PartBegin, item: JsonObject, place: JsonObject): string {
    const done = `response.${DELTAS[open.kind]}.done`
    const over = (): string => this.#event("response.output_item.done", { ...place, item })
    if (open.kind === "tool") {
      const call = { ...place, item_id: item.id, name: open.name, arguments: this.#text }
      return this.#event(done, call) + over()
    }
    const at = { ...place, ...this.#part(item) }
    const said = { ...at, text: this.#text, ...(open.kind === "text" ? { logprobs: [] } : {}) }
    const part = contentOf(open.kind, this.#text)
    return this.#event(done, said) + this.#event("response.content_part.done", { ...at, part }) + over()
  }

  #itemId(): string {
    return `${this.#names.id}_${this.#output.length}`
  }

  #part(item: JsonObject): JsonObject {
    return { item_id: item.id, content_index: 0 }
  }

  #event(type: string, rest: JsonObject): string {
    return eventText({ type, sequence_number: this.#sequence++, ...rest }, type)
  }
}

const DELTAS = { text: "output_text", reasoning: "reasoning_text", tool: "function_call_arguments" } as const
