import { reasoningOf } from "./choice-text.ts"
import { GatewayProblem } from "./gateway-problem.ts"
import { countOf, type JsonObject, objectOf, objectsOf, textOf } from "./json-object.ts"

/** What an answer is made of, one part after the other: never two open at once. */
export type PartStep =
  | { readonly type: "open"; readonly part: PartBegin }
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "close" }

export type PartBegin =
  | { readonly kind: "reasoning" | "text" }
  | { readonly kind: "tool"; readonly id: string; readonly name: string }

interface ToolCall {
  id: string
  name: string
  /** Not handed on yet. */
  pending: string
  isClosed: boolean
}

/**
 * Makes parts that follow each other of the chunks of a chat, in which the calls of several tools may be interleaved: the first call
 * that is open goes through as it comes, the others wait until it is over.
 */
export class AnswerParts {
  #open: PartBegin["kind"] | null = null
  #openTool: number | null = null
  readonly #tools = new Map<number, ToolCall>()
  /** `null` until the engine has said it. */
  finishReason: string | null = null

  /** @throws {GatewayProblem} engine where a call goes on that was over, or has no name */
  chunk(chunk: JsonObject): PartStep[] {
    const steps: PartStep[] = []
    for (const choice of objectsOf(chunk.choices)) {
      if ((choice.index ?? 0) !== 0) continue
      const delta = objectOf(choice.delta) ?? objectOf(choice.message) ?? {}
      this.#plain("reasoning", reasoningOf(delta), steps)
      this.#plain("text", textOf(delta.content), steps)
      for (const [place, call] of objectsOf(delta.tool_calls).entries()) this.#tool(call, place, steps)
      this.finishReason = textOf(choice.finish_reason) ?? this.finishReason
    }
    return steps
  }

  /** What is still open or waits. */
  end(): PartStep[] {
    const steps: PartStep[] = []
    this.#close(steps)
    return steps
  }

  #plain(kind: "reasoning" | "text", text: string | undefined, steps: PartStep[]): void {
    if (text === undefined) return
    if (this.#open !== kind) {
      this.#close(steps)
      this.#open = kind
      steps.push({ type: "open", part: { kind } })
    }
    steps.push({ type: "text", text })
  }

  #tool(call: JsonObject, place: number, steps: PartStep[]): void {
    const index = countOf(call.index) ?? place
    const { name, arguments: text } = objectOf(call.function) ?? {}
    let tool = this.#tools.get(index)
    if (tool === undefined) {
      tool = { id: "", name: "", pending: "", isClosed: false }
      this.#tools.set(index, tool)
    }
    if (tool.isClosed)
      throw new GatewayProblem("engine", `The engine went on with a call of ${tool.name} that was over`)
    tool.id ||= textOf(call.id) ?? ""
    tool.name ||= textOf(name) ?? ""
    tool.pending += textOf(text) ?? ""
    if (this.#open !== "tool" && tool.name !== "") {
      if (this.#open !== null) steps.push({ type: "close" })
      this.#begin(index, tool, steps)
    }
    if (this.#openTool === index) flush(tool, steps)
  }

  #begin(index: number, tool: ToolCall, steps: PartStep[]): void {
    if (tool.name === "") throw new GatewayProblem("engine", "The engine called a tool without saying which")
    this.#open = "tool"
    this.#openTool = index
    steps.push({ type: "open", part: { kind: "tool", id: tool.id || `call_${index}`, name: tool.name } })
    flush(tool, steps)
  }

  #close(steps: PartStep[]): void {
    if (this.#open !== null) steps.push({ type: "close" })
    if (this.#openTool !== null) this.#tools.get(this.#openTool)!.isClosed = true
    for (const [index, tool] of [...this.#tools].sort(([a], [b]) => a - b)) {
      if (tool.isClosed) continue
      this.#begin(index, tool, steps)
      tool.isClosed = true
      steps.push({ type: "close" })
    }
    this.#open = null
    this.#openTool = null
  }
}

function flush(tool: ToolCall, steps: PartStep[]): void {
  if (tool.pending !== "") steps.push({ type: "text", text: tool.pending })
  tool.pending = ""
}

/** A part that is whole. */
export interface WholePart {
  readonly begin: PartBegin
  readonly text: string
}

/** The parts of an answer that came whole. */
export function partsOf(answer: JsonObject): { readonly parts: WholePart[]; readonly finishReason: string | null } {
  const reader = new AnswerParts()
  const parts: { begin: PartBegin; text: string }[] = []
  for (const step of [...reader.chunk(answer), ...reader.end()]) {
    if (step.type === "open") parts.push({ begin: step.part, text: "" })
    if (step.type === "text") parts.at(-1)!.text += step.text
  }
  return { parts, finishReason: reader.finishReason }
}
