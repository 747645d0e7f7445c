import { checkSampling } from "./check-sampling.ts"
import type { Dialect } from "./dialect.ts"
import { badRequest } from "./gateway-problem.ts"
import { requireChoices, wantsUsage } from "./openai-chat.ts"
import { openAiStream } from "./openai-stream.ts"
import { COMPLETION_FIELDS, pickFields, readFlag, readMaxTokens, readModel, streamFields } from "./request-fields.ts"

/** POST /v1/completions. */
export const openAiCompletions: Dialect = {
  name: "completions",
  enginePath: "/v1/completions",
  isAnthropic: false,
  read(body) {
    const model = readModel(body)
    const stream = readFlag(body, "stream")
    // Neither engine gives the probabilities of a prompt's tokens: an answer without them would be taken for one that has none.
    if (readFlag(body, "echo"))
      throw badRequest("'echo' is not supported: the engines give neither the prompt nor its log probabilities", "echo")
    if (typeof body.suffix === "string" && body.suffix !== "") throw badRequest("'suffix' is not supported", "suffix")
    const best = body.best_of ?? 1
    if (best !== 1 && best !== (body.n ?? 1)) throw badRequest("'best_of' is not supported", "best_of")
    checkSampling(body)
    const { kept, ignored } = pickFields(body, COMPLETION_FIELDS)
    return {
      model,
      stream,
      body: { ...kept, prompt: readPrompt(body.prompt), ...readMaxTokens(body), ...streamFields(stream) },
      ignored: ignored.filter((name) => name !== "suffix" && name !== "best_of"),
    }
  },
  answer: (_asked, original, answer, { model }) => ({ ...requireChoices(answer, original.n), model }),
  stream: (_asked, original, names) => openAiStream(wantsUsage(original), names),
}

/** One prompt: a text, the numbers of tokens, or a list of one of these. */
function readPrompt(prompt: unknown): unknown {
  if (typeof prompt === "string" || isTokens(prompt)) return prompt
  if (Array.isArray(prompt) && (typeof prompt[0] === "string" || isTokens(prompt[0]))) {
    if (prompt.length === 1) return prompt[0]
    throw badRequest("Several prompts in one request are not supported: send one request for each", "prompt")
  }
  throw badRequest("'prompt' must be a text, or the numbers of its tokens", "prompt")
}

function isTokens(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0 && value.every((each) => Number.isSafeInteger(each) && each >= 0)
}
