import { partsOf } from "./answer-parts.ts"
import { checkSampling } from "./check-sampling.ts"
import type { Dialect } from "./dialect.ts"
import { badRequest, GatewayProblem, tooLongAs } from "./gateway-problem.ts"
import { type JsonObject, objectOf } from "./json-object.ts"
import { requireChoices } from "./openai-chat.ts"
import { pickFields, readCount, readFlag, readModel, streamFields } from "./request-fields.ts"
import { itemOf, responseObject } from "./response-object.ts"
import { inputToMessages, responsesTools } from "./responses-request.ts"
import { responsesStream } from "./responses-stream.ts"
import { usageOf } from "./token-usage.ts"

const PLAIN = new Set(["temperature", "top_p", "parallel_tool_calls"])
const READ = ["input", "instructions", "tools", "tool_choice", "text", "reasoning", "max_output_tokens", "store"]
/** What would need answers to be kept. */
const NEEDS_KEEPING = ["previous_response_id", "conversation", "prompt"]

/** POST /v1/responses, translated from and to a chat. Nothing is kept: each request brings all that was said. */
export const openAiResponses: Dialect = {
  name: "responses",
  enginePath: "/v1/chat/completions",
  isAnthropic: false,
  read(body) {
    const model = readModel(body)
    const stream = readFlag(body, "stream")
    for (const name of NEEDS_KEEPING) {
      if (body[name] !== undefined && body[name] !== null)
        throw new GatewayProblem("unsupported", `'${name}' is not supported: no answers are kept here`, { param: name })
    }
    if (readFlag(body, "background"))
      throw new GatewayProblem("unsupported", "'background' is not supported: no answers are kept here")
    checkSampling(body)
    const { kept, ignored } = pickFields(body, PLAIN)
    const most = readCount(body, "max_output_tokens", 1)
    const effort = objectOf(body.reasoning)?.effort
    return {
      model,
      stream,
      body: {
        ...kept,
        messages: inputToMessages(body.instructions, body.input),
        ...(most === undefined ? {} : { max_tokens: most }),
        ...responsesTools(body),
        ...responseFormat(objectOf(body.text)?.format ?? { type: "text" }),
        ...(typeof effort === "string" ? { reasoning_effort: effort } : {}),
        ...streamFields(stream),
      },
      ignored: ignored.filter((name) => !READ.includes(name)),
    }
  },
  answer(_asked, original, answer, names) {
    const { parts, finishReason } = partsOf(requireChoices(answer))
    const output = parts.map(({ begin, text }, index) => {
      const isCut = finishReason === "length" && index === parts.length - 1
      return itemOf(begin, text, `${names.id}_${index}`, isCut ? "incomplete" : "completed")
    })
    return responseObject(original, names, { output, usage: usageOf(answer), finishReason, isOver: true })
  },
  stream: (_asked, original, names) => responsesStream(original, names),
  explain: (problem) => tooLongAs("input", problem),
}

function responseFormat(value: unknown): JsonObject {
  const format = objectOf(value)
  if (format?.type === "text") return {}
  if (format?.type === "json_object") return { response_format: { type: "json_object" } }
  if (format?.type !== "json_schema")
    throw badRequest("'text.format.type' must be text, json_object or json_schema", "text.format")
  const { name, schema, strict } = format
  if (objectOf(schema) === undefined) throw badRequest("'text.format.schema' must be an object", "text.format")
  return {
    response_format: { type: "json_schema", json_schema: { name, schema, ...(strict === null ? {} : { strict }) } },
  }
}
