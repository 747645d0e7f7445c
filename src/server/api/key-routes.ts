import * as z from "zod"
import { WindfallError } from "../../protocol/errors.ts"
import { KEY_LIFE_MS, type KeyUsageView, type KeyView } from "../../protocol/key-api.ts"
import { LIMIT_PERIODS, MOST_TOKENS } from "../../protocol/token-limit.ts"
import { hourOf } from "../../store/model-usage.ts"
import { createKey, keysFor, removeKey } from "../gateway/keys.ts"
import { nothing } from "./answers/answer.ts"
import { keyList, keyUsage, madeKey } from "./answers/key-answers.ts"
import { type Route, route } from "./route.ts"
import { label, text, within } from "./schema-parts.ts"

const createKeyRequest = z.strictObject({
  name: label,
  user: z.string().max(64).nullable().default(null),
  models: z.array(text(128).min(1)).min(1).max(100).nullable().default(null),
  expiresInMs: within(KEY_LIFE_MS).nullable().default(null),
  limit: z
    .strictObject({ tokens: z.int().min(1).max(MOST_TOKENS), per: z.enum(LIMIT_PERIODS) })
    .nullable()
    .default(null),
})

/** Keys for models, and what was used with them. */
export const keyRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/v1/keys",
    summary: "Lists one's keys for models; an administrator's answer has everybody's",
    answer: keyList,
    respond: ({ core, caller }): { keys: KeyView[] } => ({ keys: keysFor(core, caller) }),
  }),
  route({
    method: "POST",
    path: "/v1/keys",
    summary: "Makes a key for models, which is told this once; for somebody else it needs the admin role",
    answer: madeKey,
    body: createKeyRequest,
    status: 201,
    change: ({ core, caller, body }) => createKey(core, body, caller),
  }),
  route({
    method: "DELETE",
    path: "/v1/keys/:id",
    summary: "Makes a key useless; answers under way with it end",
    answer: nothing,
    change: ({ core, caller, params }) => {
      removeKey(core, params.id ?? "", caller)
      return {}
    },
  }),
  route({
    method: "GET",
    path: "/v1/keys/usage",
    summary: "What was used of models by user, key and model; an administrator's answer has everybody's",
    answer: keyUsage,
    query: z.object({ since: z.string().max(16).optional() }),
    respond: ({ core, caller, query }): KeyUsageView => {
      const since = Number(query.since ?? 0)
      if (!Number.isSafeInteger(since) || since < 0)
        throw new WindfallError("invalid_input", "Cannot list usage: since is no time", {
          hint: "Give milliseconds since 1970",
        })
      const names = core.store.modelKeys.names()
      const kept = new Set<string>(core.store.modelKeys.all().map(({ id }) => id))
      const rows = core.store.modelUsage
        .since(since)
        .filter(({ user }) => user === caller.user || caller.role === "admin")
        .map((row) => ({ ...row, keyName: names.get(row.key) ?? null, removed: !kept.has(row.key) }))
      return { since: hourOf(since), rows }
    },
  }),
]
