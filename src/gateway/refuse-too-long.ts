import type { AskedModel } from "./dialect.ts"
import { GatewayProblem } from "./gateway-problem.ts"
import { type JsonObject, objectOf } from "./json-object.ts"

/** What may cost no token may be so much beyond what the context has room for: llama.cpp needs a hundred times its size for it, too. */
const SPARE_LENGTH = 2 ** 20
const LONG_TOKEN_BYTES = 1_024

/** What is known of how a model counts. */
export interface CountedModel extends Pick<AskedModel, "contextTokens"> {
  /** No token of it stands for more bytes of text; `null`: none is known to be the longest. */
  readonly longestTokenBytes: number | null
}

/**
 * Of what an engine is asked, in the shape that all dialects come down to: what certainly has more tokens than the context is refused before an
 * engine sees it, as some need a hundred times its size to find that out. What may fit is left to the engine, which counts.
 *
 * Counted is what every chat template passes on: texts, without white space, which templates cut off and tokenizers may join; of the
 * assistant's what follows its thinking, which templates leave out. Images, tools and schemas are not. Each message counts as at least
 * one token, also an empty one: templates write who says it. What is not counted may be there beyond that, but not without end.
 * @param list what the dialect calls its messages
 * @throws {GatewayProblem} context_exceeded
 */
export function refuseTooLong(body: JsonObject, model: CountedModel, list = "messages"): void {
  const { messages, prompt, input } = body
  if (Array.isArray(messages)) checkMessages(messages, model, list)
  for (const each of promptsOf(prompt)) checkPrompt(each, model, "prompt")
  for (const each of promptsOf(input)) checkPrompt(each, model, "input")
}

function checkMessages(messages: readonly unknown[], model: CountedModel, list: string): void {
  // Not in one sum with the bytes: tokens may reach from one message into the next.
  check(messages.length > model.contextTokens, model, list)
  const texts = messages.flatMap((each) => messageTexts(objectOf(each) ?? {}))
  check(areLonger(texts, model) || isFarLonger(messages, model), model, list)
}

/** A prompt is a text, or the numbers of its tokens. */
function checkPrompt(prompt: unknown, model: CountedModel, param: string): void {
  if (Array.isArray(prompt)) check(prompt.length > model.contextTokens, model, param)
  else if (typeof prompt === "string") check(areLonger([prompt], model) || isFarLonger(prompt, model), model, param)
}

/** One, or a list of several; of what is not there one, too. */
export function promptsOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) && typeof value[0] !== "number" ? value : [value]
}

function check(isLonger: boolean, { contextTokens }: CountedModel, param: string): void {
  if (!isLonger) return
  throw new GatewayProblem(
    "context_exceeded",
    `This model's maximum context length is ${contextTokens} tokens. However, your ${param} resulted in more than ${contextTokens} tokens. Please reduce the length of the ${param}.`,
    { param },
  )
}

function messageTexts({ role, content }: JsonObject): readonly string[] {
  const texts =
    typeof content === "string"
      ? [content]
      : Array.isArray(content)
        ? content.flatMap((part) => objectOf(part)?.text ?? []).filter((text) => typeof text === "string")
        : []
  return role === "assistant" ? texts.map(afterThinking) : texts
}

/** Templates know its end by marks of their own, each with one of these words: `</think>`, `[/THINK]`, `<|channel|>`. */
const THINKING = ["think", "Think", "THINK", "thought", "reason", "channel", "analysis"]

function afterThinking(text: string): string {
  return text.slice(Math.max(...THINKING.map((word) => text.lastIndexOf(word))) + 1)
}

/** Whether the texts certainly have more tokens than the context. */
function areLonger(texts: readonly string[], { contextTokens, longestTokenBytes }: CountedModel): boolean {
  if (longestTokenBytes === null) return false
  let left = contextTokens * longestTokenBytes
  // A UTF-16 unit is three bytes at most: nearly all requests are short enough by that.
  if (texts.reduce((sum, { length }) => sum + 3 * length, 0) <= left) return false
  for (const text of texts) {
    for (let at = 0; at < text.length; at++) {
      left -= bytesOf(text.charCodeAt(at))
      if (left < 0) return true
    }
  }
  return false
}

/** With all that may cost no token, but for pictures; of a model of which no token is known to be the longest, one that is longer than any. */
function isFarLonger(value: unknown, { contextTokens, longestTokenBytes }: CountedModel): boolean {
  return lengthOf(value) > contextTokens * (longestTokenBytes ?? LONG_TOKEN_BYTES) + SPARE_LENGTH
}

/** Of all texts in it, in UTF-16 units: at most as many as it has bytes. */
function lengthOf(value: unknown): number {
  if (typeof value === "string") return value.length
  if (typeof value !== "object" || value === null) return 0
  let sum = 0
  for (const [name, each] of Object.entries(value)) if (name !== "image_url") sum += lengthOf(each)
  return sum
}

/** Of a UTF-16 unit in UTF-8; 0 of white space. */
function bytesOf(unit: number): number {
  if (unit < 0x80) return unit <= 0x20 ? 0 : 1
  if (unit < 0x800) return unit === 0x85 || unit === 0xa0 ? 0 : 2
  if (unit >= 0xd800 && unit < 0xe000) return 2
  return isWideSpace(unit) ? 0 : 3
}

function isWideSpace(unit: number): boolean {
  return unit === 0xfeff || unit === 0x1680 || unit === 0x3000 || (unit >= 0x2000 && unit <= 0x206f)
}
