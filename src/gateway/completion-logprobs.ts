import { badRequest } from "./gateway-problem.ts"
import { type JsonObject, objectOf, objectsOf } from "./json-object.ts"

/** More than OpenAI's 5, and as many as chats may ask for. */
const MOST = 20

/**
 * `logprobs` of completions, which is a number in OpenAI's older dialect, as engines are asked for them: llama.cpp by `n_probs`, MLX as in a chat.
 * @throws {GatewayProblem} bad_request
 */
export function logprobFields({ logprobs }: JsonObject): JsonObject {
  if (logprobs === undefined || logprobs === null || logprobs === false) return {}
  if (logprobs === true || logprobs === 0) return { logprobs: true }
  if (typeof logprobs !== "number" || !Number.isSafeInteger(logprobs) || logprobs < 0 || logprobs > MOST)
    throw badRequest(`'logprobs' must be a whole number from 0 to ${MOST}`, "logprobs")
  return { logprobs: true, top_logprobs: logprobs, n_probs: logprobs }
}

/**
 * Log probabilities as completions have them: a list of tokens, and one of what each had, where engines answer in the shape of a chat.
 * Used once for each answer, whole or in chunks.
 */
export class CompletionLogprobs {
  readonly #hasTop: boolean
  /** Where the text of each choice goes on, in characters from the beginning of its prompt. */
  readonly #offsets = new Map<number, number>()
  readonly #promptOf: (index: number) => unknown

  /** @param logprobs as the client has it */
  constructor(logprobs: unknown, promptOf: (index: number) => unknown) {
    this.#hasTop = typeof logprobs === "number" && logprobs > 0
    this.#promptOf = promptOf
  }

  /** The answer or chunk as clients know it. What says no tokens in words stays as it is. */
  translate(answer: JsonObject): JsonObject {
    if (!Array.isArray(answer.choices) || !answer.choices.some((each) => objectOf(objectOf(each)?.logprobs)))
      return answer
    return { ...answer, choices: answer.choices.map((each) => this.#choice(objectOf(each) ?? {})) }
  }

  #choice(choice: JsonObject): JsonObject {
    const content = objectsOf(objectOf(choice.logprobs)?.content)
    if (content.length === 0 || !content.every(({ token }) => typeof token === "string")) return choice
    const index = typeof choice.index === "number" ? choice.index : 0
    const prompt = this.#promptOf(index)
    let offset = this.#offsets.get(index) ?? (typeof prompt === "string" ? prompt.length : 0)
    const offsets = content.map(({ token }) => {
      const at = offset
      offset += String(token).length
      return at
    })
    this.#offsets.set(index, offset)
    const logprobs = {
      tokens: content.map(({ token }) => token),
      token_logprobs: content.map(({ logprob }) => logprob),
      top_logprobs: this.#hasTop ? content.map(topOf) : null,
      text_offset: offsets,
    }
    return { ...choice, logprobs }
  }
}

/** With the token that was chosen, also where it is none of the likeliest, as OpenAI has it. */
function topOf(chosen: JsonObject): JsonObject {
  return Object.fromEntries(
    [...objectsOf(chosen.top_logprobs), chosen].map(({ token, logprob }) => [String(token), logprob]),
  )
}
