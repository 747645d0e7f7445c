import { checkTemplateFields } from "./check-template-fields.ts"
import { badRequest } from "./gateway-problem.ts"
import { type JsonObject, objectOf } from "./json-object.ts"
import { readFlag } from "./request-fields.ts"

/** Each number with the range that makes sense to some engine. */
const NUMBERS: ReadonlyMap<string, readonly [least: number, most: number]> = new Map([
  ["temperature", [0, 100]],
  ["top_p", [0, 1]],
  ["min_p", [0, 1]],
  ["typical_p", [0, 1]],
  ["frequency_penalty", [-2, 2]],
  ["presence_penalty", [-2, 2]],
  ["repetition_penalty", [0, 100]],
  ["repeat_penalty", [0, 100]],
  ["xtc_probability", [0, 1]],
  ["xtc_threshold", [0, 1]],
  ["dry_multiplier", [0, 1_000]],
  ["dry_base", [0, 1_000]],
])
const WHOLE_NUMBERS: ReadonlyMap<string, readonly [least: number, most: number]> = new Map([
  ["n", [1, 128]],
  // -1 is any. Others below 0 would be any to one engine, and a fixed one to another.
  ["seed", [-1, Number.MAX_SAFE_INTEGER]],
  ["top_k", [-1, 1_000_000]],
  ["top_logprobs", [0, 20]],
  ["repeat_last_n", [0, 1_000_000]],
  ["repetition_context_size", [0, 1_000_000]],
  ["dry_allowed_length", [0, 1_000_000]],
])
const TEXTS_OF_FORMAT: ReadonlySet<unknown> = new Set(["text", "json_object", "json_schema"])
const CHOICES: ReadonlySet<unknown> = new Set(["none", "auto", "required"])

/**
 * Fields that engines would fail at, each in its own way, if they were not what they should be.
 * @throws {GatewayProblem} bad_request
 */
export function checkSampling(body: JsonObject): void {
  for (const [name, [least, most]] of NUMBERS) checkNumber(body, name, least, most, Number.isFinite)
  for (const [name, [least, most]] of WHOLE_NUMBERS) checkNumber(body, name, least, most, Number.isSafeInteger)
  checkStop(body.stop ?? [])
  if ((body.stream_options ?? undefined) !== undefined && objectOf(body.stream_options) === undefined)
    throw badRequest("'stream_options' must be an object", "stream_options")
  checkBias(body.logit_bias ?? {})
  readFlag(body, "ignore_eos")
}

function checkNumber(
  body: JsonObject,
  name: string,
  least: number,
  most: number,
  isRight: (value: unknown) => boolean,
): void {
  const value = body[name] ?? undefined
  if (value === undefined || (isRight(value) && Number(value) >= least && Number(value) <= most)) return
  const kind = isRight === Number.isFinite ? "number" : "whole number"
  const range = ` from ${least} to ${most}`
  throw badRequest(`'${name}' must be a ${kind}${range}`, name)
}

/** Engines look for each of them at every token of an answer. */
const MOST_STOPS = 64
const LONGEST_STOP = 1_000

function checkStop(stop: unknown): void {
  // One that is empty is met before anything is said, and an answer without a word is no hint at why.
  if (
    (typeof stop === "string" && stop !== "") ||
    (Array.isArray(stop) && stop.every((each) => typeof each === "string" && each !== ""))
  ) {
    checkStopTexts(Array.isArray(stop) ? stop : [stop], "stop")
    return
  }
  throw badRequest("'stop' must be a text or a list of texts that are not empty", "stop")
}

/** @param param as the dialect calls them @throws {GatewayProblem} bad_request */
export function checkStopTexts(texts: readonly string[], param: string): void {
  if (texts.length <= MOST_STOPS && texts.every(({ length }) => length <= LONGEST_STOP)) return
  throw badRequest(`'${param}' may have ${MOST_STOPS} texts of ${LONGEST_STOP} characters at most`, param)
}

/** Engines look at each for every token of an answer. */
const MOST_BIASES = 1_024

/** By the numbers of tokens; llama.cpp takes their texts, too, and false for never. */
function checkBias(bias: unknown): void {
  const values = objectOf(bias) === undefined ? undefined : Object.values(bias as JsonObject)
  if (values?.every((value) => value === false || (typeof value === "number" && Math.abs(value) <= 100)) !== true)
    throw badRequest("'logit_bias' must be an object of numbers from -100 to 100, by token", "logit_bias")
  if (values.length > MOST_BIASES)
    throw badRequest(`'logit_bias' has ${values.length} tokens: at most ${MOST_BIASES} are taken`, "logit_bias")
}

const REASONING_FORMATS: ReadonlySet<unknown> = new Set(["none", "auto", "deepseek", "deepseek-legacy"])

/**
 * What a chat has besides.
 * @param tools their names
 * @throws {GatewayProblem} bad_request
 */
export function checkChatFields(body: JsonObject, tools: readonly string[]): void {
  const format = body.response_format ?? undefined
  if (format !== undefined && !TEXTS_OF_FORMAT.has(objectOf(format)?.type))
    throw badRequest("'response_format.type' must be text, json_object or json_schema", "response_format")
  const schema = objectOf(objectOf(format)?.json_schema)?.schema
  if (objectOf(format)?.type === "json_schema" && objectOf(schema) === undefined)
    throw badRequest("'response_format.json_schema.schema' must be an object", "response_format")
  checkToolChoice(body.tool_choice ?? undefined, tools)
  if (!REASONING_FORMATS.has(body.reasoning_format ?? "auto"))
    throw badRequest(`'reasoning_format' must be one of ${[...REASONING_FORMATS].join(", ")}`, "reasoning_format")
  if (typeof (body.reasoning_effort ?? "") !== "string")
    throw badRequest("'reasoning_effort' must be a text", "reasoning_effort")
  checkTemplateFields(body.chat_template_kwargs ?? {})
  readFlag(body, "logprobs")
  if ((body.top_logprobs ?? 0) !== 0 && body.logprobs !== true)
    throw badRequest("'top_logprobs' needs 'logprobs' to be true", "top_logprobs")
  // An answer without them would be taken for one in which the model chose none.
  for (const name of ["functions", "function_call"]) {
    if ((body[name] ?? undefined) !== undefined) throw badRequest(`'${name}' is not supported: use 'tools'`, name)
  }
}

/**
 * A call that is asked for and cannot come would be an answer in words: clients look for the call.
 * @param choice as a chat has it; `undefined`: none is said
 * @param tools their names
 * @throws {GatewayProblem} bad_request
 */
export function checkToolChoice(choice: unknown, tools: readonly string[]): void {
  if (choice !== undefined && !CHOICES.has(choice) && objectOf(choice)?.type !== "function")
    throw badRequest("'tool_choice' must be none, auto, required or a function", "tool_choice")
  const name = objectOf(objectOf(choice)?.function)?.name
  if (choice === "required" && tools.length === 0) throw badRequest("'tool_choice' needs 'tools'", "tool_choice")
  if (objectOf(choice) !== undefined && typeof name !== "string")
    throw badRequest("'tool_choice' must have the name of a function", "tool_choice")
  if (objectOf(choice) === undefined || (typeof name === "string" && tools.includes(name))) return
  throw badRequest(`'tool_choice': there is no tool "${String(name).slice(0, 64)}" among 'tools'`, "tool_choice")
}
