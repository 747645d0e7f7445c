import { checkMessages } from "./check-messages.ts"
import { checkChatFields, checkSampling } from "./check-sampling.ts"
import { checkShapes } from "./check-shapes.ts"
import type { Dialect } from "./dialect.ts"
import { badRequest, GatewayProblem } from "./gateway-problem.ts"
import { type JsonObject, objectOf } from "./json-object.ts"
import { openAiStream } from "./openai-stream.ts"
import { CHAT_FIELDS, pickFields, readFlag, readMaxTokens, readModel, streamFields } from "./request-fields.ts"
import { wantedChoices } from "./wanted-choices.ts"

/** POST /v1/chat/completions. */
export const openAiChat: Dialect = {
  name: "chat",
  enginePath: "/v1/chat/completions",
  isAnthropic: false,
  read(body) {
    const model = readModel(body)
    const stream = readFlag(body, "stream")
    const messages = checkMessages(body.messages)
    const tools = checkTools(body)
    checkSampling(body)
    checkShapes(body)
    checkChatFields(body, tools)
    const { kept: given, ignored } = pickFields(body, CHAT_FIELDS)
    const kept = Array.isArray(given.tools) && given.tools.length > 0 ? given : withoutTools(given)
    return {
      model,
      stream,
      body: { ...kept, messages, ...readMaxTokens(body), ...streamFields(stream) },
      ignored: ignored.filter((name) => name !== "n"),
      choices: wantedChoices(body, null),
    }
  },
  answer: (_asked, _original, answer, { model }) => ({ ...requireChoices(answer), model }),
  stream: (_asked, original, names) => openAiStream(wantsUsage(original), names),
}

/** An empty list is no tools, which not all engines know. */
function withoutTools({ tools: _, tool_choice: __, parallel_tool_calls: ___, ...rest }: JsonObject): JsonObject {
  return rest
}

/** @returns their names */
function checkTools({ tools }: JsonObject): string[] {
  if (tools === undefined || tools === null) return []
  if (!Array.isArray(tools)) throw badRequest("'tools' must be a list", "tools")
  return tools.map((tool, index) => {
    const name = objectOf(objectOf(tool)?.function)?.name
    if (objectOf(tool)?.type !== "function" || typeof name !== "string")
      throw badRequest(`'tools[${index}]' must be a function with a name: there are no others here`, `tools[${index}]`)
    return name
  })
}

/** Whether the client asked for the usage of a stream. */
export function wantsUsage(body: JsonObject): boolean {
  return objectOf(body.stream_options)?.include_usage === true
}

/** @throws {GatewayProblem} broken for what is no answer to a chat or completion */
export function requireChoices(answer: JsonObject): JsonObject {
  if (!Array.isArray(answer.choices) || answer.choices.length === 0)
    throw new GatewayProblem("broken", "The engine's answer has no choices")
  return answer
}
