import { badRequest } from "./gateway-problem.ts"
import { objectOf } from "./json-object.ts"

const FIELD = "chat_template_kwargs"

/**
 * What an engine's own call of the template is made with, by the names that transformers and llama.cpp have for it. From a client it would be
 * another template, run in the engine beside everybody, or other messages than those that were checked.
 */
const OF_THE_CALL: ReadonlySet<string> = new Set([
  "add_generation_prompt",
  "chat_template",
  "continue_final_message",
  "conversation",
  "conversations",
  "max_length",
  "messages",
  "padding",
  "return_assistant_tokens_mask",
  "return_dict",
  "return_tensors",
  "self",
  "tokenize",
  "tokenizer_kwargs",
  "tools",
  "truncation",
])
const MOST_CHARACTERS = 10_000

/**
 * What a client tells the model's own template: switches and words of the model's, such as `enable_thinking`.
 * @throws {GatewayProblem} bad_request
 */
export function checkTemplateFields(value: unknown): void {
  const fields = objectOf(value)
  if (fields === undefined) throw badRequest(`'${FIELD}' must be an object`, FIELD)
  const own = Object.keys(fields).find((name) => OF_THE_CALL.has(name))
  if (own !== undefined) throw badRequest(`'${FIELD}.${own}' is not for the template to be told`, `${FIELD}.${own}`)
  const { length } = JSON.stringify(fields)
  if (length > MOST_CHARACTERS)
    throw badRequest(`'${FIELD}' has ${length} characters: at most ${MOST_CHARACTERS} are taken`, FIELD)
}
