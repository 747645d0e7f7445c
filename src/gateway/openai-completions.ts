import { checkSampling } from "./check-sampling.ts"
import { checkShapes } from "./check-shapes.ts"
import { CompletionLogprobs, logprobFields } from "./completion-logprobs.ts"
import type { Asked, Dialect } from "./dialect.ts"
import { badRequest, tooLongAs } from "./gateway-problem.ts"
import type { JsonObject } from "./json-object.ts"
import { requireChoices, wantsUsage } from "./openai-chat.ts"
import { openAiStream } from "./openai-stream.ts"
import { COMPLETION_FIELDS, pickFields, readFlag, readMaxTokens, readModel, streamFields } from "./request-fields.ts"
import { isTokens } from "./token-prompts.ts"
import { wantedChoices } from "./wanted-choices.ts"

const READ = ["suffix", "best_of", "n"]

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
    checkShapes(body)
    const { logprobs: _, ...rest } = body
    const { kept, ignored } = pickFields(rest, COMPLETION_FIELDS)
    const prompts = readPrompts(body.prompt)
    return {
      model,
      stream,
      body: {
        ...kept,
        ...logprobFields(body),
        prompt: prompts.length === 1 ? prompts[0] : prompts,
        ...readMaxTokens(body),
        ...streamFields(stream),
      },
      ignored: ignored.filter((name) => !READ.includes(name)),
      choices: wantedChoices(body, prompts),
    }
  },
  answer: (asked, original, answer, { model }) => ({
    ...logprobsOf(asked, original).translate(requireChoices(answer)),
    model,
  }),
  stream(asked, original, names) {
    const writer = openAiStream(wantsUsage(original), names)
    const logprobs = logprobsOf(asked, original)
    return { ...writer, chunk: (chunk) => writer.chunk(logprobs.translate(chunk)) }
  },
  explain: (problem) => tooLongAs("prompt", problem),
}

function logprobsOf({ body, choices }: Asked, { logprobs }: JsonObject): CompletionLogprobs {
  return new CompletionLogprobs(logprobs, (index) => choices?.changes[index]?.prompt ?? body.prompt)
}

/** A text, the numbers of tokens, or a list of these. */
function readPrompts(prompt: unknown): readonly unknown[] {
  const isEmpty = (each: unknown) => each === "" || (Array.isArray(each) && each.length === 0)
  if (isEmpty(prompt) || (Array.isArray(prompt) && prompt.some(isEmpty)))
    throw badRequest("'prompt' is empty: there is nothing to go on from", "prompt")
  if (typeof prompt === "string" || isTokens(prompt)) return [prompt]
  if (Array.isArray(prompt) && prompt.length > 0 && prompt.every((each) => typeof each === "string" || isTokens(each)))
    return prompt
  throw badRequest("'prompt' must be a text, the numbers of its tokens, or a list of such prompts", "prompt")
}
