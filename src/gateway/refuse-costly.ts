import { badRequest } from "./gateway-problem.ts"
import { type JsonObject, objectOf } from "./json-object.ts"

/** llama.cpp takes up to a millisecond and several kilobytes for each, whatever is in it: 20,000 empty messages took it 18 s, twice 100,000 all memory. */
export const MOST_MESSAGES = 4_096
/** Each is answered by a message. 65,536: 24 s, 700 MB. */
export const MOST_CALLS = 4_096
/** Pieces of a message. 262,144: 2 s, 200 MB; a million: 5 s, 1 GB. */
export const MOST_PARTS = 16_384
/** 1,024: 1 s. 6,000: 15 s, 400 MB; 16,384: minutes. */
export const MOST_TOOLS = 1_024
/** What an answer is held to, as JSON, all together, in UTF-16 units. Four times as much: 6 s, 300 MB. */
const MOST_SHAPE_LENGTH = 2 ** 20
/** Grammars that people write have a few kilobytes. One of 1 MB with 40,000 words: minutes. */
const MOST_GRAMMAR_LENGTH = 2 ** 16
/** Its parser calls itself for each: 20,000 end llama.cpp. */
const DEEPEST_GRAMMAR = 256
/** Also where something would be taken for a text here and not by llama.cpp. */
const MOST_GROUPS = 2_048
/** Of any other field, as JSON, in UTF-16 units: engines copy them for each slot, or look at all of them at each token. */
const MOST_FIELD_LENGTH = 2 ** 17
/** So many entries of a list or object cost nothing that matters; of more the time goes with the square at least: an object of 1,000 properties that may be left out 16 s, a list of 10,000 values 55 s. */
const FREE_ENTRIES = 32
const MOST_SQUARES = 1_024 ** 2
/** Comments, and what is in quotes and brackets. */
const GRAMMAR_TEXT = /#[^\r\n]*|"(?:[^"\\]|\\.)*"|\[(?:[^\]\\]|\\.)*\]/g

/** What goes through an engine's templates and compilers beside messages. */
const SHAPES = ["tools", "response_format", "json_schema", "chat_template_kwargs"] as const
/** What has bounds of its own: what is written there comes to tokens, or is looked at by itself. */
const BOUNDED: ReadonlySet<string> = new Set(["messages", "prompt", "input", "stop", "grammar", ...SHAPES])

/**
 * Of what an engine is asked, in the shape that all dialects come down to: what costs an engine seconds or gigabytes, however few tokens it is, is
 * refused before an engine sees it. Real clients send nothing of this size.
 * @param list what the dialect calls its messages
 * @throws {GatewayProblem} bad_request
 */
export function refuseCostly(body: JsonObject, list: string): void {
  const messages = listOf(body.messages).map((each) => objectOf(each) ?? {})
  const parts = messages.flatMap(({ content }) => listOf(content))
  const calls = messages.flatMap(({ tool_calls: called }) => listOf(called))
  refuseMore(messages.length, MOST_MESSAGES, list, "messages")
  refuseMore(parts.length, MOST_PARTS, list, "parts of messages")
  refuseMore(calls.length, MOST_CALLS, list, "calls of tools")
  refuseMore(listOf(body.tools).length, MOST_TOOLS, "tools", "tools")
  const own = messages.map(({ content, tool_calls: _, ...rest }) =>
    Array.isArray(content) ? rest : { ...rest, content },
  )
  refuseLarge([own, parts, calls].flat(), list)
  const shapes = SHAPES.filter((name) => body[name] !== undefined)
  for (const name of shapes) refuseLarge(listOf(body[name], [body[name]]), name)
  const length = shapes.reduce((sum, name) => sum + JSON.stringify(body[name]).length, 0)
  if (length > MOST_SHAPE_LENGTH)
    throw badRequest(
      `'${shapes.join("', '")}' are ${length} characters long: at most ${MOST_SHAPE_LENGTH} are taken`,
      shapes[0],
    )
  if (typeof body.grammar === "string") refuseGrammar(body.grammar)
  for (const [name, value] of Object.entries(body)) if (!BOUNDED.has(name)) refuseLong(name, value)
}

function refuseLong(name: string, value: unknown): void {
  if (typeof value === "number" || typeof value === "boolean") return
  const { length } = JSON.stringify(value)
  if (length > MOST_FIELD_LENGTH)
    throw badRequest(`'${name}' is ${length} characters long: at most ${MOST_FIELD_LENGTH} are taken`, name)
}

function refuseMore(count: number, most: number, param: string, what: string): void {
  if (count > most) throw badRequest(`'${param}' has ${count} ${what}: at most ${most} are taken`, param)
}

function refuseLarge(values: readonly unknown[], param: string): void {
  if (values.reduce<number>((sum, each) => sum + squaresOf(each), 0) <= MOST_SQUARES) return
  throw badRequest(
    `'${param}' has lists or objects of too many entries: one may have up to ${Math.sqrt(MOST_SQUARES)}, or several that are smaller`,
    param,
  )
}

/** Of the numbers of entries, of all lists and objects in it. */
function squaresOf(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0
  const entries = Array.isArray(value) ? value : Object.values(value)
  let sum = entries.length > FREE_ENTRIES ? entries.length ** 2 : 0
  for (const each of entries) sum += squaresOf(each)
  return sum
}

function refuseGrammar(grammar: string): void {
  if (grammar.length > MOST_GRAMMAR_LENGTH)
    throw badRequest(
      `'grammar' is ${grammar.length} characters long: at most ${MOST_GRAMMAR_LENGTH} are taken`,
      "grammar",
    )
  const groups = grammar.split("(").length - 1
  if (groups > MOST_GROUPS)
    throw badRequest(`'grammar' has ${groups} parentheses: at most ${MOST_GROUPS} are taken`, "grammar")
  let depth = 0
  for (const [one] of grammar.replaceAll(GRAMMAR_TEXT, "").matchAll(/[()]/g)) {
    depth += one === "(" ? 1 : -1
    if (depth > DEEPEST_GRAMMAR)
      throw badRequest(`'grammar' is nested deeper than ${DEEPEST_GRAMMAR} levels`, "grammar")
  }
}

function listOf(value: unknown, other: readonly unknown[] = []): readonly unknown[] {
  return Array.isArray(value) ? value : other
}
