import type { GatewayProblem, ProblemKind } from "./gateway-problem.ts"
import type { JsonObject } from "./json-object.ts"

/** `type` and `code`, as clients of OpenAI know them. */
const WORDS: Readonly<Record<ProblemKind, readonly [type: string, code: string | null]>> = {
  bad_request: ["invalid_request_error", null],
  context_exceeded: ["invalid_request_error", "context_length_exceeded"],
  wrong_key: ["invalid_request_error", "invalid_api_key"],
  unknown_model: ["invalid_request_error", "model_not_found"],
  no_route: ["invalid_request_error", "unknown_url"],
  wrong_method: ["invalid_request_error", "method_not_supported"],
  slow_client: ["invalid_request_error", "request_timeout"],
  too_large: ["invalid_request_error", "request_too_large"],
  wrong_encoding: ["invalid_request_error", "unsupported_content_encoding"],
  harmful: ["invalid_request_error", "request_ends_engine"],
  quota: ["rate_limit_exceeded", "rate_limit_exceeded"],
  busy: ["rate_limit_exceeded", "rate_limit_exceeded"],
  engine: ["server_error", "engine_error"],
  unsupported: ["not_supported_error", "not_supported"],
  broken: ["server_error", "engine_lost"],
  not_ready: ["server_error", "model_not_ready"],
  stopping: ["server_error", "server_stopping"],
}

/** The body of an error in OpenAI's shape; inside a stream it is the data of one event. */
export function openAiError(problem: GatewayProblem): JsonObject {
  const [type, code] = WORDS[problem.kind]
  return { error: { message: problem.message, type, param: problem.param, code } }
}
