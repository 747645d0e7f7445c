import * as z from "zod"
import type { HostEnginesView } from "../../../protocol/host-engines.ts"
import {
  CACHE_TYPES,
  ENGINES,
  LEFT_OUT,
  MODEL_PURPOSES,
  MODEL_STATES,
  type ModelView,
  REPLICA_STATES,
  type ServeCheckView,
} from "../../../protocol/model-api.ts"
import { answer, count, type Describes, time } from "./answer.ts"
import { hiveNetwork } from "./hive-network-answer.ts"

const plan = z.object({
  mode: z.enum(["single", "pipeline", "tensor"]),
  members: z
    .array(z.object({ host: z.string(), hostName: z.string(), firstLayer: count, layers: count, needBytes: count }))
    .describe("By rank; rank 0 reads the file and answers"),
  rdma: z
    .array(z.array(z.string().nullable()))
    .optional()
    .describe(
      "By rank, the RDMA devices that lead to the others; absent: they talk over a ring of TCP, or there is one",
    ),
  network: z.string().nullable().describe("What members talk over; null: there is one"),
  over: hiveNetwork.optional().describe("The same for programs; absent where there is one member"),
  tokensPerSecond: z.object({ low: z.number(), high: z.number() }).nullable().describe("Expected of one conversation"),
})

const replica = z.object({
  number: count,
  state: z.enum(REPLICA_STATES),
  isFormer: z
    .literal(true)
    .optional()
    .describe(
      "Its hive is of how the model was served before, and ends; absent: it is as the model is to be served now",
    ),
  reason: z.string().nullable(),
  job: count.nullable(),
  losses: count.describe("How often in a row it was lost"),
  nextTryAt: time.nullable(),
  leftOut: z
    .array(
      z.object({ host: z.string(), hostName: z.string(), until: time, what: z.enum(LEFT_OUT), reason: z.string() }),
    )
    .optional()
    .describe("Hosts that it is not planned on, or not as they could be, for what went wrong there"),
  lastLoss: z.object({ at: time, reason: z.string() }).nullable().describe("In this run of the server"),
  readySince: time.nullable(),
  plan: plan.nullable(),
  engineVersion: z.string().nullable(),
  inFlight: count.describe("Requests under way"),
})

const options = z.object({
  replicas: count,
  engine: z.enum(ENGINES),
  contextTokens: count,
  slots: count,
  kv: z.enum(CACHE_TYPES),
  idleStopMs: count.nullable().describe("null: it never stops by itself"),
  pins: z.array(z.string()),
  trustsNetwork: z.boolean(),
  images: z.boolean().describe("Whether it takes images"),
  purpose: z.enum(MODEL_PURPOSES).describe("What clients ask it for"),
  longestTokenBytes: count.nullable().describe("Of text, that a token of it stands for; null: not known"),
  knowsTools: z.boolean().describe("Whether its chat template may write what tools there are"),
})

export const model = answer(
  "Model",
  "A model that is served, or was",
  z.object({
    name: z.string(),
    user: z.string().describe("Who serves it"),
    state: z.enum(MODEL_STATES),
    reason: z.string().nullable(),
    weights: z.object({ data: z.string(), version: count, file: z.string().nullable(), bytes: count }),
    options,
    createdAt: time,
    usedAt: time.nullable(),
    replicas: z.array(replica),
  }),
)

export const serveCheck = answer(
  "ServeCheck",
  "That a model could be served so, as far as that can be said without its weights",
  z.object({
    options: options.nullable().describe("How the model of this name is served so far; null: there is none"),
  }),
)

export const modelList = answer("ModelList", "Models by name", z.object({ models: z.array(model) }))

const hostEngines = z.object({
  host: z.string().describe("Its name"),
  engines: z
    .array(z.object({ engine: z.enum(ENGINES), version: z.string().describe("As it says it itself") }))
    .nullable()
    .describe("The first of each kind; null: it has not said so, as one that is not connected"),
  rdma: z
    .array(z.object({ device: z.string(), domain: z.string(), peer: z.string().nullable() }))
    .nullable()
    .describe("Thunderbolt ports over which RDMA could go, with the buses at both ends of their cables"),
})

export const engineList = answer(
  "EngineList",
  "Engines of models that hosts have, by host",
  z.object({ hosts: z.array(hostEngines) }),
)

export const ENGINE_ANSWERS_AGREE: Describes<typeof hostEngines, HostEnginesView> = true
export const MODEL_ANSWERS_AGREE: Describes<typeof model, ModelView> = true
export const SERVE_CHECK_AGREES: Describes<typeof serveCheck, ServeCheckView> = true
