import type { AnswerNames } from "./dialect.ts"
import { type JsonObject, objectOf, objectsOf } from "./json-object.ts"
import { requireChoices } from "./openai-chat.ts"
import { type TokenUsage, usageObject } from "./token-usage.ts"

/**
 * Answers to one choice each as one answer to all, in their order. What engines add of their own, as how long it took, is of one alone and left out.
 * @param answers at least one, each in OpenAI's shape
 * @throws {GatewayProblem} broken where one is no answer
 */
export function mergeAnswers(answers: readonly JsonObject[], usage: TokenUsage | undefined): JsonObject {
  const choices = answers.map((answer, index) => ({
    ...objectOf((requireChoices(answer).choices as [unknown])[0]),
    index,
  }))
  const { id, object, created, model, system_fingerprint: fingerprint } = answers[0]!
  return {
    ...{ id, object, created, model },
    ...(fingerprint === undefined ? {} : { system_fingerprint: fingerprint }),
    choices,
    ...usageField(usage),
  }
}

/** Makes one stream of the chunks of several choices, of which each is a stream of its own at an engine. */
export class MergedChunks {
  readonly #createdS: number
  /** What all chunks of one stream have in common: of the first that came. */
  #head: JsonObject | undefined

  constructor({ createdS }: Pick<AnswerNames, "createdS">) {
    this.#createdS = createdS
  }

  /** A chunk for the client; `undefined` where it had but the usage, or what an engine adds of its own. */
  chunk(chunk: JsonObject, index: number): JsonObject | undefined {
    const choices = objectsOf(chunk.choices)
    if (choices.length === 0) return undefined
    const { id, object, created = this.#createdS, system_fingerprint: fingerprint } = chunk
    this.#head ??= {
      ...{ id, object, created },
      ...(fingerprint === undefined ? {} : { system_fingerprint: fingerprint }),
    }
    return { ...this.#head, choices: choices.map((choice) => ({ ...choice, index })) }
  }

  /** What says how many tokens all of them had; `undefined` where no engine said it. */
  usageChunk(usage: TokenUsage | undefined): JsonObject | undefined {
    return usage === undefined ? undefined : { ...this.#head, choices: [], ...usageField(usage) }
  }
}

function usageField(usage: TokenUsage | undefined): JsonObject {
  return usage === undefined ? {} : { usage: usageObject(usage) }
}
