import * as z from "zod"
import type { HostEnginesView } from "../../protocol/host-engines.ts"
import {
  CACHE_TYPES,
  ENGINES,
  IDLE_STOP_MS,
  MOST_REPLICAS,
  type ModelView,
  type ServeCheckView,
  type ServeRequest,
} from "../../protocol/model-api.ts"
import { askEngines } from "../models/ask-engines.ts"
import { engineViews } from "../models/engine-hosts.ts"
import { modelView } from "../models/model-view.ts"
import { checkAsked, checkServe, findModel, removeModel, serve, stopModel } from "../models/serve-model.ts"
import { nothing } from "./answers/answer.ts"
import { engineList, model as modelAnswer, modelList, serveCheck } from "./answers/model-answers.ts"
import { type ApiRequest, type Route, route } from "./route.ts"
import { label, text, within } from "./schema-parts.ts"
import { empty } from "./schemas.ts"

const MOST_CONTEXT_TOKENS = 100_000_000
const MOST_SLOTS = 1_024

const serveRequest = z.strictObject({
  data: label.nullable().default(null),
  file: text(1024).min(1).nullable().default(null),
  engine: z
    .enum(["auto", ...ENGINES])
    .nullable()
    .default(null),
  replicas: z.int().min(1).max(MOST_REPLICAS).nullable().default(null),
  contextTokens: z.int().min(1).max(MOST_CONTEXT_TOKENS).nullable().default(null),
  slots: z.int().min(1).max(MOST_SLOTS).nullable().default(null),
  kv: z.enum(CACHE_TYPES).nullable().default(null),
  idleStopMs: z
    .union([z.literal(0), within(IDLE_STOP_MS)])
    .nullable()
    .default(null),
  pins: z.array(text(255).min(1)).max(64).nullable().default(null),
  trustsNetwork: z.boolean().nullable().default(null),
  images: z.boolean().nullable().default(null),
})

/** Checked before the change, which must not wait for what is read of weights. */
const checked = new WeakMap<ServeRequest, Awaited<ReturnType<typeof checkServe>>>()

/** Models that the pool serves. */
export const modelRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/v1/engines",
    summary: "Asks hosts that are connected which engines of models they have",
    answer: engineList,
    respond: async ({ core }): Promise<{ hosts: readonly HostEnginesView[] }> => {
      await askEngines(core, 0)
      return { hosts: engineViews(core) }
    },
  }),
  route({
    method: "GET",
    path: "/v1/hives",
    summary: "Lists the models that are served, or were, by name",
    answer: modelList,
    respond: ({ core, api }): { models: ModelView[] } => ({
      models: core.store.models.list().map((model) => modelView(core, api.models, model)),
    }),
  }),
  route({
    method: "GET",
    path: "/v1/hives/:name",
    summary: "Shows a model: how it and each of its replicas stands, where, and why",
    answer: modelAnswer,
    respond: (request): ModelView => shown(request, findModel(request.core, request.params.name ?? "", "show").name),
  }),
  route({
    method: "POST",
    path: "/v1/hives/:name/serve",
    summary: "Has a model served; again: as it is said now, and tried anew where it was given up",
    answer: modelAnswer,
    body: serveRequest,
    prepare: async ({ core, api, caller, params, body }) => {
      checked.set(body, await checkServe(core, api.models, caller, params.name ?? "", body))
    },
    change: (request) => {
      const { core, caller, body } = request
      const wish = checked.get(body)
      if (wish === undefined) throw new TypeError("A model is to be served that was not checked")
      const { name } = serve(core, caller, wish)
      request.api.models.tryAnew(name)
      return shown(request, name)
    },
  }),
  route({
    method: "POST",
    path: "/v1/hives/:name/check",
    summary:
      "Says whether the caller could have a model of this name served so, before its files are sent; changes nothing",
    answer: serveCheck,
    body: serveRequest,
    respond: ({ core, caller, params, body }): ServeCheckView => ({
      options: checkAsked(core, caller, params.name ?? "", body)?.options ?? null,
    }),
  }),
  route({
    method: "POST",
    path: "/v1/hives/:name/stop",
    summary: "Stops a model: no new requests, those under way may finish, then its hives end",
    answer: modelAnswer,
    body: empty,
    change: (request) => shown(request, stopModel(request.core, request.caller, request.params.name ?? "").name),
  }),
  route({
    method: "DELETE",
    path: "/v1/hives/:name",
    summary: "Forgets a model that was stopped; its weights stay as data",
    answer: nothing,
    change: ({ core, api, caller, params }) => {
      removeModel(core, caller, params.name ?? "")
      api.models.forget(params.name ?? "")
      return {}
    },
  }),
]

function shown({ core, api }: Pick<ApiRequest, "core" | "api">, name: string): ModelView {
  return modelView(core, api.models, findModel(core, name, "show"))
}
