import type { AskedModel } from "./dialect.ts"
import { badRequest, GatewayProblem } from "./gateway-problem.ts"

/**
 * What is asked for of a model that was made for something else is refused before an engine sees it, and before the model is woken for it.
 * @throws {GatewayProblem} unsupported, bad_request
 */
export function refuseOther(asksEmbeddings: boolean, makesEmbeddings: boolean, model: string): void {
  if (asksEmbeddings && !makesEmbeddings) throw noEmbeddings(model)
  if (!asksEmbeddings && makesEmbeddings)
    throw badRequest(
      `The model \`${model}\` makes embeddings and writes no text: send 'input' to /v1/embeddings, or ask a model that writes`,
      "model",
    )
}

/** What a model that makes no embeddings answers, whichever engine it is and whatever that would say itself. */
function noEmbeddings(model: string): GatewayProblem {
  return new GatewayProblem(
    "unsupported",
    `The model \`${model}\` makes no embeddings: it is served to write text. Send 'input' to a model that was made for embeddings`,
    { param: "model" },
  )
}

/**
 * An engine's error to a request for embeddings as clients are told it. llama.cpp answers 501 where it was not started for them, 400 where the
 * model has no way to make one vector of a text (`Pooling type 'none' ...`), and to a text that is too long either 400, as to a prompt, or
 * 500, where it is longer than a batch, too.
 */
export function explainEmbeddings(problem: GatewayProblem, { name, contextTokens }: AskedModel): GatewayProblem {
  if (problem.kind === "unsupported" || /^pooling type 'none'/i.test(problem.message)) return noEmbeddings(name)
  const [, beyondBatch] = /^input \((\d+) tokens\) is too large to process/.exec(problem.message) ?? []
  const [, beyondContext] = /resulted in (\d+) tokens/.exec(problem.message) ?? []
  if (problem.kind !== "context_exceeded" && beyondBatch === undefined) return problem
  return new GatewayProblem(
    "context_exceeded",
    `This model's maximum context length is ${contextTokens} tokens. However, your input resulted in ${beyondBatch ?? beyondContext ?? "more"} tokens. Please reduce the length of the input.`,
    { param: "input" },
  )
}
