import { type AnswerNames, requestIdOf, type StreamWriter } from "./dialect.ts"
import { DONE_TEXT, eventText } from "./event-stream.ts"
import type { GatewayProblem } from "./gateway-problem.ts"
import type { JsonObject } from "./json-object.ts"
import { openAiError } from "./openai-error.ts"

/**
 * Streams of chat and completions go through as they are, but for the model's name and for the usage nobody asked for.
 * @param wantsUsage whether the client asked for the chunk that says how many tokens there were
 */
export function openAiStream(wantsUsage: boolean, { model, id }: AnswerNames): StreamWriter {
  return {
    chunk(chunk: JsonObject): string {
      if (wantsUsage || chunk.usage === undefined) {
        ;(chunk as { model?: string }).model = model
        return eventText(chunk)
      }
      const { usage: _, ...rest } = chunk
      const isOnlyUsage = Array.isArray(chunk.choices) && chunk.choices.length === 0 && chunk.usage !== null
      return isOnlyUsage ? "" : eventText({ ...rest, model })
    },
    end: () => DONE_TEXT,
    // Without the end mark, so that also a client that reads past an error takes the answer for cut off.
    // The headers are long past by then, and many clients keep none of a stream.
    fail: (problem: GatewayProblem) => eventText({ ...openAiError(problem), request_id: requestIdOf(id) }),
  }
}
