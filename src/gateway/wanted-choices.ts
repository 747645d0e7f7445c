import { badRequest } from "./gateway-problem.ts"
import type { JsonObject } from "./json-object.ts"

/** More would hold a request for longer than clients wait; also the most that OpenAI takes as `n`. */
export const MOST_CHOICES = 128

/**
 * What is asked for where it is more than one choice. Each is a request of its own to an engine: MLX gives one choice of one prompt at a
 * time; llama.cpp gives as many as it has slots, past the turns of others, and counts the tokens of the first alone.
 */
export interface WantedChoices {
  /** What each has that differs from the others, by its index in the answer. */
  readonly changes: readonly JsonObject[]
  /** How many in a row are of one prompt. */
  readonly perPrompt: number
}

/**
 * `n` choices of each prompt, in the order of OpenAI's indexes; `undefined`: one of one. Who fixes a seed gets the same choices again, and not
 * one `n` times.
 * @param prompts `null`: they are all in the messages
 * @throws {GatewayProblem} bad_request
 */
export function wantedChoices({ n, seed }: JsonObject, prompts: readonly unknown[] | null): WantedChoices | undefined {
  const perPrompt = typeof n === "number" ? n : 1
  const count = perPrompt * (prompts?.length ?? 1)
  if (count === 1) return undefined
  if (count > MOST_CHOICES)
    throw badRequest(
      `'prompt' and 'n' ask for ${count} choices: at most ${MOST_CHOICES} are given in one request`,
      prompts === null || perPrompt > 1 ? "n" : "prompt",
    )
  const hasSeed = typeof seed === "number" && seed >= 0
  const changes = Array.from({ length: count }, (_, index) => ({
    ...(prompts === null ? {} : { prompt: prompts[Math.floor(index / perPrompt)] }),
    ...(hasSeed ? { seed: seed + (index % perPrompt) } : {}),
  }))
  return { changes, perPrompt }
}
