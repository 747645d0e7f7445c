import type { JsonObject } from "./json-object.ts"

/** A model that is served. */
export interface ListedModel {
  readonly name: string
  /** Seconds since 1970. */
  readonly createdS: number
}

/** One model in OpenAI's shape. */
export function openAiModel({ name, createdS }: ListedModel): JsonObject {
  return { id: name, object: "model", created: createdS, owned_by: "windfall" }
}

/** GET /v1/models in OpenAI's shape. */
export function openAiModels(models: readonly ListedModel[]): JsonObject {
  return { object: "list", data: models.map(openAiModel) }
}

/** One model in Anthropic's shape. */
export function anthropicModel({ name, createdS }: ListedModel): JsonObject {
  return { type: "model", id: name, display_name: name, created_at: new Date(createdS * 1_000).toISOString() }
}

/** GET /v1/models in Anthropic's shape. */
export function anthropicModels(models: readonly ListedModel[]): JsonObject {
  const data = models.map(anthropicModel)
  return { data, has_more: false, first_id: models[0]?.name ?? null, last_id: models.at(-1)?.name ?? null }
}
