import { type JsonObject, objectOf, objectsOf, textOf } from "./json-object.ts"

/**
 * Whether a chunk brings the client something of the answer: until then another replica can begin anew unseen. The first chunk
 * of many engines says no more than who speaks.
 */
export function hasToken(chunk: JsonObject): boolean {
  return objectsOf(chunk.choices).some((choice) => {
    if (textOf(choice.text) !== undefined || textOf(choice.finish_reason) !== undefined) return true
    const delta = objectOf(choice.delta)
    if (delta === undefined) return false
    return Object.entries(delta).some(([name, value]) => name !== "role" && value !== null && value !== "")
  })
}

/** The reasoning of a message or delta, under either of the names engines give it. */
export function reasoningOf(message: JsonObject): string | undefined {
  return textOf(message.reasoning_content) ?? textOf(message.reasoning)
}
