import * as z from "zod"
import type { KeyUsageRow, KeyUsageView, KeyView, MadeKey } from "../../../protocol/key-api.ts"
import { LIMIT_PERIODS } from "../../../protocol/token-limit.ts"
import { answer, count, type Describes, time } from "./answer.ts"

export const key = answer(
  "Key",
  "What is known of a key for models, which itself is not kept",
  z.object({
    id: z.string(),
    user: z.string(),
    name: z.string(),
    models: z.array(z.string()).nullable().describe("null: all models"),
    limit: z.object({ tokens: count, per: z.enum(LIMIT_PERIODS) }).nullable(),
    usedTokens: count.describe("Of the limit's current period"),
    createdAt: time,
    expiresAt: time.nullable(),
  }),
)
export const keyList = answer("KeyList", "Keys, oldest first", z.object({ keys: z.array(key) }))
export const madeKey = answer(
  "MadeKey",
  "A new key, told this once",
  key.extend({
    key: z.string().describe("What clients send as bearer"),
    unknownModels: z
      .array(z.object({ name: z.string(), near: z.string().nullable().describe("A model called nearly so") }))
      .describe("Of its models: those that are not served, nor stopped, as yet"),
  }),
)

const keyUsageRow = z.object({
  user: z.string(),
  key: z.string(),
  keyName: z.string().nullable().describe("null: the key was removed by an earlier release"),
  removed: z.boolean().describe("Whether the key was removed"),
  model: z.string(),
  requests: count,
  promptTokens: count,
  cachedTokens: count.describe("Of promptTokens"),
  completionTokens: count,
  cutRequests: count.describe("Cut before the engine told its count"),
  guessedTokens: count.describe("Of these"),
})
export const keyUsage = answer(
  "KeyUsage",
  "What was used of models",
  z.object({ since: time, rows: z.array(keyUsageRow) }),
)

export const KEY_ANSWERS_AGREE: readonly [
  Describes<typeof key, KeyView>,
  Describes<typeof madeKey, MadeKey>,
  Describes<typeof keyUsage, KeyUsageView>,
  Describes<typeof keyUsageRow, KeyUsageRow>,
] = [true, true, true, true]
