import * as z from "zod"
import { CACHE_TYPES, ENGINES, MODEL_STATES, type ModelView, REPLICA_STATES } from "../../../protocol/model-api.ts"
import { answer, count, type Describes, time } from "./answer.ts"
import { hiveNetwork } from "./hive-network-answer.ts"

const plan = z.object({
  mode: z.enum(["single", "pipeline", "tensor"]),
  members: z
    .array(z.object({ host: z.string(), hostName: z.string(), firstLayer: count, layers: count, needBytes: count }))
    .describe("By rank; rank 0 reads the file and answers"),
  network: z.string().nullable().describe("What members talk over; null: there is one"),
  over: hiveNetwork.optional().describe("The same for programs; absent where there is one member"),
  tokensPerSecond: z.object({ low: z.number(), high: z.number() }).nullable().describe("Expected of one conversation"),
})

const replica = z.object({
  number: count,
  state: z.enum(REPLICA_STATES),
  reason: z.string().nullable(),
  job: count.nullable(),
  losses: count.describe("How often in a row it was lost"),
  nextTryAt: time.nullable(),
  readySince: time.nullable(),
  plan: plan.nullable(),
  engineVersion: z.string().nullable(),
  inFlight: count.describe("Requests under way"),
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
    options: z.object({
      replicas: count,
      engine: z.enum(ENGINES),
      contextTokens: count,
      slots: count,
      kv: z.enum(CACHE_TYPES),
      idleStopMs: count.nullable().describe("null: it never stops by itself"),
      pins: z.array(z.string()),
      trustsNetwork: z.boolean(),
    }),
    createdAt: time,
    usedAt: time.nullable(),
    replicas: z.array(replica),
  }),
)

export const modelList = answer("ModelList", "Models by name", z.object({ models: z.array(model) }))

export const MODEL_ANSWERS_AGREE: Describes<typeof model, ModelView> = true
