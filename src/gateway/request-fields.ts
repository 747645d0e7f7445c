import { badRequest } from "./gateway-problem.ts"
import type { JsonObject } from "./json-object.ts"

/** Only what is named here reaches an engine: some take paths of adapters, of draft models, or numbers of slots from a request. */
const SAMPLING = [
  "temperature",
  "top_p",
  "top_k",
  "min_p",
  "typical_p",
  "seed",
  "stop",
  "frequency_penalty",
  "presence_penalty",
  "repetition_penalty",
  "repetition_context_size",
  "repeat_penalty",
  "repeat_last_n",
  "xtc_probability",
  "xtc_threshold",
  "dry_multiplier",
  "dry_base",
  "dry_allowed_length",
  "logit_bias",
  "logprobs",
  "ignore_eos",
] as const

const CHAT = [
  "messages",
  "tools",
  "tool_choice",
  "parallel_tool_calls",
  "response_format",
  "top_logprobs",
  "reasoning_effort",
  "reasoning_format",
  "chat_template_kwargs",
  "grammar",
  "json_schema",
] as const

const COMPLETIONS = ["prompt", "grammar", "json_schema"] as const

export const CHAT_FIELDS: ReadonlySet<string> = new Set([...SAMPLING, ...CHAT])
export const COMPLETION_FIELDS: ReadonlySet<string> = new Set([...SAMPLING, ...COMPLETIONS])

/** Read by the gateway itself, so neither forwarded nor ignored. */
const OWN = new Set([
  "model",
  "stream",
  "stream_options",
  "max_tokens",
  "max_completion_tokens",
  "echo",
  "encoding_format",
])

/** The fields an engine gets, and the names of those it does not. A field that is null counts as not there. */
export function pickFields(
  body: JsonObject,
  known: ReadonlySet<string>,
): { readonly kept: JsonObject; readonly ignored: readonly string[] } {
  const kept: Record<string, unknown> = {}
  const ignored: string[] = []
  for (const [name, value] of Object.entries(body)) {
    if (value === null || OWN.has(name) || (name === "stop" && isEmptyList(value))) continue
    if (known.has(name)) kept[name] = value
    else ignored.push(name)
  }
  return { kept, ignored }
}

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0
}

/** `model`, which every request must name. @throws {GatewayProblem} bad_request */
export function readModel(body: JsonObject): string {
  const { model } = body
  if (typeof model !== "string" || model === "") throw badRequest("you must provide a model parameter", "model")
  if (model.length > 256) throw badRequest("'model' is longer than the name of any model", "model")
  return model
}

/** @throws {GatewayProblem} bad_request where it is something else than true, false or not there */
export function readFlag(body: JsonObject, name: string): boolean {
  const value = body[name] ?? false
  if (typeof value !== "boolean") throw badRequest(`'${name}' must be true or false`, name)
  return value
}

/** llama.cpp has numbers of 32 bits: larger ones come to others there. */
const MOST_COUNT = 2 ** 31 - 1

/** A whole number of at least `least`, and no more than engines can hold; `undefined` where it is not there. @throws {GatewayProblem} bad_request */
export function readCount(body: JsonObject, name: string, least: number): number | undefined {
  const value = body[name] ?? undefined
  if (value === undefined) return undefined
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < least)
    throw badRequest(`'${name}' must be a whole number of at least ${least}`, name)
  return Math.min(value, MOST_COUNT)
}

/** How much may be generated, under the one name that all engines know; -1 means as much as there is room for. @throws {GatewayProblem} bad_request */
export function readMaxTokens(body: JsonObject): { readonly max_tokens?: number } {
  if (body.max_tokens === -1) return {}
  const most = readCount(body, "max_completion_tokens", 1) ?? readCount(body, "max_tokens", 1)
  return most === undefined ? {} : { max_tokens: most }
}

/** A stream always brings its usage; the client sees it only where it asked. */
export function streamFields(stream: boolean): JsonObject {
  return stream ? { stream: true, stream_options: { include_usage: true } } : { stream: false }
}
