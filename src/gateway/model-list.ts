import type { JsonObject } from "./json-object.ts"

/** A model that is served. */
export interface ListedModel {
  readonly name: string
  /** Seconds since 1970. */
  readonly createdS: number
  /** What it is asked for. */
  readonly purpose: "text" | "embeddings"
  /** Of each request, prompt and answer together. */
  readonly contextTokens: number
}

/** What it is for, as fields beside those of either dialect: OpenAI's and Anthropic's lists have none for it. */
function beside({ purpose, contextTokens }: ListedModel): JsonObject {
  return { purpose, context_length: contextTokens }
}

/** One model in OpenAI's shape. */
export function openAiModel(model: ListedModel): JsonObject {
  const { name, createdS } = model
  return { id: name, object: "model", created: createdS, owned_by: "windfall", ...beside(model) }
}

/** GET /v1/models in OpenAI's shape. */
export function openAiModels(models: readonly ListedModel[]): JsonObject {
  return { object: "list", data: models.map(openAiModel) }
}

/** One model in Anthropic's shape. */
export function anthropicModel(model: ListedModel): JsonObject {
  const { name, createdS } = model
  const created = new Date(createdS * 1_000).toISOString()
  return { type: "model", id: name, display_name: name, created_at: created, ...beside(model) }
}

/** GET /v1/models in Anthropic's shape. */
export function anthropicModels(models: readonly ListedModel[]): JsonObject {
  const data = models.map(anthropicModel)
  return { data, has_more: false, first_id: models[0]?.name ?? null, last_id: models.at(-1)?.name ?? null }
}
