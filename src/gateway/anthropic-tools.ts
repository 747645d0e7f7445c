import { badRequest, GatewayProblem } from "./gateway-problem.ts"
import { type JsonObject, objectOf } from "./json-object.ts"

/** Anthropic's tools as a chat's. @throws {GatewayProblem} bad_request; unsupported for tools that run at Anthropic's */
export function toChatTools(tools: unknown): JsonObject {
  if (tools === undefined || tools === null) return {}
  if (!Array.isArray(tools)) throw badRequest("tools: must be a list", "tools")
  if (tools.length === 0) return {}
  return { tools: tools.map((each, index) => chatTool(objectOf(each), `tools.${index}`)) }
}

function chatTool(tool: JsonObject | undefined, at: string): JsonObject {
  if (tool === undefined || typeof tool.name !== "string") throw badRequest(`${at}.name: is required`, at)
  if (tool.type !== undefined && tool.type !== null && tool.type !== "custom")
    throw new GatewayProblem(
      "unsupported",
      `${at}: there are no tools of type "${String(tool.type).slice(0, 60)}" here`,
    )
  const { name, description, input_schema: parameters } = tool
  if (objectOf(parameters) === undefined) throw badRequest(`${at}.input_schema: must be an object`, at)
  return {
    type: "function",
    function: { name, ...(typeof description === "string" ? { description } : {}), parameters },
  }
}

/**
 * @param tools as they came
 * @throws {GatewayProblem} bad_request, also for a call that could not come
 */
export function toChatToolChoice(value: unknown, tools: unknown): JsonObject {
  if (value === undefined || value === null) return {}
  const choice = objectOf(value)
  const parallel = choice?.disable_parallel_tool_use === true ? { parallel_tool_calls: false } : {}
  switch (choice?.type) {
    case "auto":
    case "none":
      return { tool_choice: choice.type, ...parallel }
    case "any":
      if (!Array.isArray(tools) || tools.length === 0) throw badRequest("tool_choice: needs tools", "tool_choice")
      return { tool_choice: "required", ...parallel }
    case "tool":
      if (typeof choice.name !== "string") throw badRequest("tool_choice.name: is required", "tool_choice")
      if (!Array.isArray(tools) || !tools.some((each) => objectOf(each)?.name === choice.name))
        throw badRequest(`tool_choice.name: no tool is called "${choice.name.slice(0, 64)}"`, "tool_choice")
      return { tool_choice: { type: "function", function: { name: choice.name } }, ...parallel }
    default:
      throw badRequest("tool_choice.type: must be auto, any, tool or none", "tool_choice")
  }
}
