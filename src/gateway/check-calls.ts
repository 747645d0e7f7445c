import { badRequest } from "./gateway-problem.ts"
import { isDeeperThan, type JsonObject, objectOf, parseJson } from "./json-object.ts"

/** What engines take for texts without a look. */
const TEXTS = ["name", "tool_call_id", "reasoning_content", "refusal"] as const

/** As the body itself. */
const DEEPEST = 128

/**
 * What a message has beside its role and content, as engines read it: one fails at the first of it that is otherwise, as at a fault of its own,
 * and the other in words of its Python. What is null counts as not there.
 * @param at where the message is, for errors
 * @throws {GatewayProblem} bad_request
 */
export function checkBeside(message: JsonObject, at: string): Record<string, unknown> {
  const { tool_calls: calls, ...rest } = message
  const found: Record<string, unknown> = rest
  for (const name of TEXTS) {
    const value = found[name] ?? null
    if (value === null) delete found[name]
    else if (typeof value !== "string") throw badRequest(`'${at}.${name}' must be a text`, `${at}.${name}`)
  }
  if ((calls ?? null) === null) return found
  if (!Array.isArray(calls)) throw badRequest(`'${at}.tool_calls' must be a list of calls`, `${at}.tool_calls`)
  if (calls.length > 0) found.tool_calls = calls.map((each, index) => checkCall(each, `${at}.tool_calls[${index}]`))
  return found
}

/** Clients leave out what can only be one thing, and some send arguments as they are and not as a text of theirs. */
function checkCall(value: unknown, at: string): JsonObject {
  const call = objectOf(value)
  if (call === undefined) throw badRequest(`'${at}' must be an object`, at)
  const { id, type } = call
  if ((type ?? "function") !== "function") throw badRequest(`'${at}.type' must be function`, `${at}.type`)
  if (typeof (id ?? "") !== "string") throw badRequest(`'${at}.id' must be a text`, `${at}.id`)
  const called = objectOf(call.function)
  if (typeof called?.name !== "string" || called.name === "")
    throw badRequest(`'${at}.function' must be an object with the name of a function`, `${at}.function`)
  return {
    ...call,
    type: "function",
    function: { ...called, arguments: callArguments(called.arguments, `${at}.function.arguments`) },
  }
}

/**
 * The arguments of a call as the text they are to engines. Templates ask for what is in them, for which it is parsed again.
 * @throws {GatewayProblem} bad_request
 */
export function callArguments(value: unknown, at: string): string {
  const text = value === "" ? "{}" : typeof value === "string" ? value : JSON.stringify(value ?? {})
  const found = objectOf(parseJson(text))
  if (found !== undefined && !isDeeperThan(found, DEEPEST)) return text
  throw badRequest(`'${at}' must be a text with an object as JSON`, at)
}
