import { callArguments } from "./check-calls.ts"
import { checkImageUrl } from "./check-messages.ts"
import { checkToolChoice } from "./check-sampling.ts"
import { badRequest, GatewayProblem } from "./gateway-problem.ts"
import { type JsonObject, objectOf } from "./json-object.ts"

/**
 * The input of the Responses dialect as the messages of a chat. Calls that follow each other, or the assistant's words, become
 * one message; earlier reasoning is left out.
 * @throws {GatewayProblem} bad_request, unsupported
 */
export function inputToMessages(instructions: unknown, input: unknown): JsonObject[] {
  const messages: JsonObject[] = []
  if (typeof instructions === "string" && instructions !== "") messages.push({ role: "system", content: instructions })
  if (typeof input === "string") return [...messages, { role: "user", content: input }]
  if (!Array.isArray(input)) throw badRequest("'input' must be a text or a list of items", "input")
  if (input.length === 0) throw badRequest("'input' must have at least one item", "input")
  for (const [index, each] of input.entries()) {
    const at = `input[${index}]`
    const item = objectOf(each)
    if (item === undefined) throw badRequest(`'${at}' must be an object`, at)
    addItem(item, messages, at)
  }
  if (messages.length === 0) throw badRequest("'input' must have at least one message: it has reasoning only", "input")
  return messages
}

function addItem(item: JsonObject, messages: JsonObject[], at: string): void {
  switch (item.type ?? "message") {
    case "message":
      messages.push(messageOf(item, at))
      return
    case "function_call": {
      const call = {
        id: textField(item, "call_id", at),
        type: "function",
        function: { name: textField(item, "name", at), arguments: callArguments(item.arguments, `${at}.arguments`) },
      }
      const last = messages.at(-1)
      const called = last?.tool_calls
      if (last?.role !== "assistant") messages.push({ role: "assistant", content: null, tool_calls: [call] })
      // Not a longer copy for each: there may be many.
      else if (Array.isArray(called)) called.push(call)
      else messages[messages.length - 1] = { ...last, tool_calls: [call] }
      return
    }
    case "function_call_output":
      messages.push({
        role: "tool",
        tool_call_id: textField(item, "call_id", at),
        content: outputText(item.output, at),
      })
      return
    case "reasoning":
      return
    case "item_reference":
      throw new GatewayProblem(
        "unsupported",
        `'${at}': items of type "item_reference" are not supported, as no answers are kept here: send the items themselves, as clients do with store: false`,
        { param: at },
      )
    default:
      throw new GatewayProblem("unsupported", `'${at}': items of type "${short(item.type)}" are not supported`, {
        param: at,
      })
  }
}

function messageOf({ role, content }: JsonObject, at: string): JsonObject {
  if (role !== "user" && role !== "assistant" && role !== "system" && role !== "developer")
    throw badRequest(`'${at}.role' must be user, assistant, system or developer`, at)
  const chatRole = role === "developer" ? "system" : role
  if (typeof content === "string") return { role: chatRole, content }
  if (!Array.isArray(content)) throw badRequest(`'${at}.content' must be a text or a list of parts`, at)
  const parts = content.map((each) => partOf(objectOf(each), at))
  const isPlain = parts.every(({ type }) => type === "text")
  return { role: chatRole, content: isPlain ? parts.map(({ text }) => text).join("") : parts }
}

function partOf(part: JsonObject | undefined, at: string): JsonObject {
  switch (part?.type) {
    case "input_text":
    case "output_text":
    case "text":
      return { type: "text", text: textField(part, "text", at) }
    case "refusal":
      return { type: "text", text: textField(part, "refusal", at) }
    case "input_image":
      checkImageUrl(part.image_url, at)
      return { type: "image_url", image_url: { url: part.image_url } }
    default:
      throw badRequest(`'${at}': parts of type "${short(part?.type)}" are not supported`, at)
  }
}

function outputText(output: unknown, at: string): string {
  if (typeof output === "string") return output
  if (!Array.isArray(output)) throw badRequest(`'${at}.output' must be a text or a list of parts`, at)
  return output.map((each, index) => textField(objectOf(each) ?? {}, "text", `${at}.output[${index}]`)).join("")
}

function textField(item: JsonObject, name: string, at: string): string {
  const value = item[name]
  if (typeof value !== "string") throw badRequest(`'${at}.${name}' must be a text`, `${at}.${name}`)
  return value
}

function short(value: unknown): string {
  return String(value).slice(0, 60)
}

/** Tools and their choice as a chat has them. @throws {GatewayProblem} bad_request, unsupported */
export function responsesTools({ tools, tool_choice: choice }: JsonObject): JsonObject {
  if (!Array.isArray(tools ?? [])) throw badRequest("'tools' must be a list", "tools")
  const listed: readonly unknown[] = Array.isArray(tools) ? tools : []
  const chosen = objectOf(choice)
  if (typeof chosen?.type === "string" && chosen.type !== "function")
    throw new GatewayProblem("unsupported", `'tool_choice' of type "${short(chosen.type)}" is not supported`, {
      param: "tool_choice",
    })
  const chatTools = listed.map((each, index) => chatTool(objectOf(each), `tools[${index}]`))
  const chatChoice =
    chosen === undefined ? (choice ?? undefined) : { type: chosen.type, function: { name: chosen.name } }
  checkToolChoice(
    chatChoice,
    chatTools.map(({ function: { name } }) => name),
  )
  if (chatTools.length === 0) return {}
  return { tools: chatTools, ...(chatChoice === undefined ? {} : { tool_choice: chatChoice }) }
}

function chatTool(tool: JsonObject | undefined, at: string) {
  if (tool?.type !== "function")
    throw new GatewayProblem("unsupported", `'${at}': there are no tools of type "${short(tool?.type)}" here`, {
      param: at,
    })
  const { name, description, parameters, strict } = tool
  if (typeof name !== "string") throw badRequest(`'${at}.name' must be a text`, at)
  if ((parameters ?? undefined) !== undefined && objectOf(parameters) === undefined)
    throw badRequest(`'${at}.parameters' must be an object`, at)
  const more = Object.entries({ description, parameters, strict }).filter(([, value]) => value !== null)
  return { type: "function", function: { name, ...Object.fromEntries(more) } }
}
