import { type JsonObject, objectOf, textOf } from "./json-object.ts"

/**
 * Whether a chunk brings the client something of the answer: until then another replica can begin anew unseen. The first chunk
 * of many engines says no more than who speaks.
 */
export function hasToken(chunk: JsonObject): boolean {
  if (!Array.isArray(chunk.choices)) return false
  for (const each of chunk.choices) {
    const choice = objectOf(each)
    if (choice === undefined) continue
    if (textOf(choice.text) !== undefined || textOf(choice.finish_reason) !== undefined) return true
    const delta = objectOf(choice.delta)
    for (const name in delta) if (name !== "role" && delta[name] !== null && delta[name] !== "") return true
  }
  return false
}

/** The reasoning of a message or delta, under either of the names engines give it. */
export function reasoningOf(message: JsonObject): string | undefined {
  return textOf(message.reasoning_content) ?? textOf(message.reasoning)
}
