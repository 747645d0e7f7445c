import type { GatewayProblem, ProblemKind } from "./gateway-problem.ts"
import type { JsonObject } from "./json-object.ts"

/** `type`, as clients of Anthropic know it. */
const TYPES: Readonly<Record<ProblemKind, string>> = {
  bad_request: "invalid_request_error",
  context_exceeded: "invalid_request_error",
  wrong_key: "authentication_error",
  unknown_model: "not_found_error",
  no_route: "not_found_error",
  wrong_method: "invalid_request_error",
  slow_client: "timeout_error",
  too_large: "request_too_large",
  wrong_encoding: "invalid_request_error",
  harmful: "invalid_request_error",
  quota: "rate_limit_error",
  busy: "rate_limit_error",
  engine: "api_error",
  unsupported: "api_error",
  broken: "api_error",
  not_ready: "overloaded_error",
  stopping: "overloaded_error",
}

/** The body of an error in Anthropic's shape; inside a stream it is the data of an event `error`. */
export function anthropicError(problem: GatewayProblem, requestId: string): JsonObject {
  const { message, kind } = problem
  const text = kind === "context_exceeded" ? `${tooLongWords(message)}. ${message}` : message
  return { type: "error", error: { type: TYPES[kind], message: text }, request_id: requestId }
}

/** By these clients of Anthropic know a prompt that is too long, and some make it shorter by themselves; others look for OpenAI's words, which follow. */
function tooLongWords(message: string): string {
  const [, most, asked] = /length is (\d+) tokens\..* resulted in (more than \d+|\d+) tokens/.exec(message) ?? []
  return most === undefined ? "prompt is too long" : `prompt is too long: ${asked} tokens > ${most} maximum`
}
