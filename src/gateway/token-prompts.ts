import { badRequest } from "./gateway-problem.ts"
import type { JsonObject } from "./json-object.ts"

/** Larger ones come to others in llama.cpp. */
const MOST_TOKEN = 2 ** 31 - 1

/** Whether a prompt is the numbers of its tokens. */
export function isTokens(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0 && value.every(isToken)
}

function isToken(value: unknown): boolean {
  return Number.isSafeInteger(value) && Number(value) >= 0 && Number(value) <= MOST_TOKEN
}

/**
 * Prompts that are numbers of tokens are refused where the engine reads texts only: MLX would fail at them with words of its own.
 * @param body what an engine is asked, for one prompt or for several
 * @throws {GatewayProblem} bad_request
 */
export function refuseTokens({ prompt }: JsonObject, model: string): void {
  if (isTokens(prompt) || (Array.isArray(prompt) && prompt.some(isTokens)))
    throw badRequest(
      `'prompt' must be text: the engine of \`${model}\` (MLX) takes no numbers of tokens. Send the text, or serve the model as GGUF by llama.cpp`,
      "prompt",
    )
}
