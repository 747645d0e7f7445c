import { GatewayProblem } from "./gateway-problem.ts"

/** What a model that makes no embeddings answers, whichever engine it is and whatever that would say itself. */
export function noEmbeddings(model: string): GatewayProblem {
  return new GatewayProblem(
    "unsupported",
    `The model \`${model}\` makes no embeddings: it is served to write text. Send 'input' to a model that was made for embeddings`,
    { param: "model" },
  )
}

/**
 * An engine's error to a request for embeddings as clients are told it. llama.cpp answers 501 where it was not started for them, and 400
 * where the model has no way to make one vector of a text (`Pooling type 'none' ...`).
 */
export function explainEmbeddings(problem: GatewayProblem, model: string): GatewayProblem {
  const hasNone = problem.kind === "unsupported" || /^pooling type 'none'/i.test(problem.message)
  return hasNone ? noEmbeddings(model) : problem
}
