import type { Asked } from "./dialect.ts"
import type { JsonObject } from "./json-object.ts"

/** Fields of a request that may hold many megabytes, and that no answer repeats. */
const HEAVY = ["messages", "input", "system"]

/** What the answer still needs of a request once its engine's body is written: pictures and long conversations are held once, not three times. */
export function lightened(
  asked: Asked,
  original: JsonObject,
): { readonly asked: Asked; readonly original: JsonObject } {
  // Log probabilities of completions have their places counted from the prompt's beginning on.
  const heavy = (original.logprobs ?? null) === null ? [...HEAVY, "prompt"] : HEAVY
  const light = (body: JsonObject) => Object.fromEntries(Object.entries(body).filter(([name]) => !heavy.includes(name)))
  // Those of several choices are written when it is their turn.
  const body = asked.choices === undefined ? light(asked.body) : asked.body
  return { asked: { ...asked, body }, original: light(original) }
}
