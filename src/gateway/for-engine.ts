import type { Asked, Dialect } from "./dialect.ts"
import { badRequest } from "./gateway-problem.ts"
import { type JsonObject, objectOf } from "./json-object.ts"

/** What an engine makes of the fields of a request. */
export interface EngineRequests {
  /** As people know it. */
  readonly engineName: string
  /** Fields that it passes over without a word. */
  readonly lacks: ReadonlySet<string>
  /** By name, the least number that it knows where one below stands for what it does without the field: that is left out. */
  readonly leastNumbers: Readonly<Record<string, number>>
  /** How many seeds it tells apart, from 0 on. */
  readonly seeds: number
  /** false: its model's chat template leaves tools out. */
  readonly knowsTools?: boolean
  /** What it is asked for where the client says nothing. */
  readonly defaults: JsonObject
  /** What a stream is asked with, so that its first chunk says how many tokens the prompt has. */
  readonly tellsPrompt?: JsonObject
}

/** Those by which clients are sure of an answer's shape: without them it would be taken for one that has it. The others are preferences. */
const SHAPES: ReadonlyMap<string, (value: unknown) => boolean> = new Map<string, (value: unknown) => boolean>([
  ["response_format", (value) => objectOf(value)?.type !== "text"],
  ["tool_choice", (value) => value !== "auto" && value !== "none"],
  ["grammar", (value) => value !== ""],
  ["json_schema", () => true],
])

/** As other dialects than a chat call it. */
const NAMES: Readonly<Partial<Record<Dialect["name"], Readonly<Record<string, string>>>>> = {
  responses: { response_format: "text.format", reasoning_effort: "reasoning" },
  messages: {
    parallel_tool_calls: "tool_choice.disable_parallel_tool_use",
    response_format: "output_config.format",
  },
}

/**
 * A request as its engine can be asked it: what it would pass over is refused where a client relies on it, else left out and named.
 * @throws {GatewayProblem} bad_request
 */
export function forEngine(given: Asked, dialect: Dialect["name"], model: string, engine: EngineRequests): Asked {
  const asked = { ...given, body: withForcedCall(given.body) }
  const { lacks, leastNumbers, defaults, engineName, seeds, knowsTools, tellsPrompt } = engine
  const body: Record<string, unknown> = { ...defaults, ...withSeed(asked.body, seeds) }
  // Only this dialect tells it before the answer.
  if (dialect === "messages" && asked.stream) Object.assign(body, tellsPrompt)
  const ignored: string[] = []
  // An engine would leave them out without a word, and the answer be taken for that of a model that saw no use for them.
  if (knowsTools === false && asked.body.tools !== undefined && asked.body.tool_choice !== "none")
    throw badRequest(
      `'tools' cannot be used: the chat template of \`${model}\` knows none, so the model would never see them. Ask without tools, or ask a model that calls them`,
      "tools",
    )
  for (const [name, value] of Object.entries(asked.body)) {
    const least = leastNumbers[name]
    if (least !== undefined && typeof value === "number" && value < least) delete body[name]
    if (!lacks.has(name)) continue
    const shown = NAMES[dialect]?.[name] ?? name
    if (SHAPES.get(name)?.(value) === true)
      throw badRequest(
        `'${shown}' is not supported: the engine of \`${model}\` (${engineName}) cannot be held to it. Ask without it, or serve the model as GGUF by llama.cpp, which can`,
        shown,
      )
    // Without tools there are no calls.
    if (name === "tool_choice" && value === "none") delete body.tools
    else if (!SHAPES.has(name)) ignored.push(shown)
    delete body[name]
  }
  const { choices } = asked
  const changes = choices?.changes.map((one) => withSeed(one, seeds)) ?? []
  return {
    ...asked,
    body,
    ignored: [...asked.ignored, ...ignored],
    choices: choices === undefined ? undefined : { ...choices, changes },
  }
}

/**
 * Engines know of a choice only whether there must be a call: llama.cpp takes a function that is named for `auto`, with a word in its log. So
 * where one is named it is the only one they see, and it must be called. A format, which holds words, has nothing to hold then; llama.cpp would
 * keep to it and never call.
 */
function withForcedCall(body: JsonObject): JsonObject {
  const { tools, tool_choice: choice, response_format: _, ...rest } = body
  const named = objectOf(objectOf(choice)?.function)?.name
  if (!Array.isArray(tools) || (named === undefined && choice !== "required")) return body
  const left = tools.filter((tool) => named === undefined || objectOf(objectOf(tool)?.function)?.name === named)
  return { ...rest, tools: left, tool_choice: "required" }
}

/** A seed beyond those that the engine has stands for one of these: by itself it would come to what the engine takes for any. */
function withSeed(body: JsonObject, seeds: number): JsonObject {
  const { seed } = body
  return typeof seed === "number" && seed >= seeds ? { ...body, seed: seed % seeds } : body
}
