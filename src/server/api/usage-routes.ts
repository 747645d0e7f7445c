import * as z from "zod"
import {
  type LimitsView,
  type ShareView,
  USAGE_GROUPS,
  type UsageCheckView,
  type UsageView,
} from "../../protocol/usage-api.ts"
import { limitsView } from "../usage/limits-view.ts"
import { chargeAnew, recomputeUsage } from "../usage/recompute.ts"
import { shareView } from "../usage/share-view.ts"
import { usageReport } from "../usage/usage-report.ts"
import { nothing } from "./answers/answer.ts"
import { limits, share, usage, usageCheck } from "./answers/usage-answers.ts"
import { type Route, route } from "./route.ts"
import { count, label } from "./schema-parts.ts"
import { empty } from "./schemas.ts"

const DEFAULT_SINCE_MS = 30 * 86_400_000

export const usageQuery = z.object({
  by: z.enum(USAGE_GROUPS).default("user"),
  since: z.coerce
    .number()
    .pipe(count)
    .optional()
    .describe("Milliseconds since 1970; without it, what ran in the last 30 days"),
})
export const limitsQuery = z.object({
  account: label.optional(),
  partition: label.optional(),
  qos: label.optional(),
})

export const usageRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/v1/share",
    summary: "Shows how the pool is shared, with everybody's faded usage and factor",
    answer: share,
    respond: ({ core }): ShareView => shareView(core),
  }),
  route({
    method: "GET",
    path: "/v1/usage",
    summary: "Sums up what ran since a moment, by user, account, host or model",
    answer: usage,
    query: usageQuery,
    respond: ({ core, query, signal }): Promise<UsageView> =>
      usageReport(core, { by: query.by, sinceMs: query.since ?? core.clock.now() - DEFAULT_SINCE_MS, signal }),
  }),
  route({
    method: "GET",
    path: "/v1/limits",
    summary: "Shows which limits hold for a job of the caller's, and how much of each is used",
    answer: limits,
    query: limitsQuery,
    respond: ({ core, caller, query }): LimitsView => limitsView(core, caller.user, query),
  }),
  route({
    method: "GET",
    path: "/v1/usage/recompute",
    summary: "Reckons all usage anew from the recorded intervals, and compares it with the sums that hold",
    answer: usageCheck,
    admin: "reckon all usage anew",
    respond: ({ core, signal }): Promise<UsageCheckView> => recomputeUsage(core, signal),
  }),
  route({
    method: "POST",
    path: "/v1/usage/recompute",
    summary: "Replaces all sums of usage by what the recorded intervals give",
    answer: nothing,
    admin: "charge all usage anew",
    body: empty,
    change: ({ core, caller }) => {
      chargeAnew(core)
      core.ledger.event({ type: "usage_recomputed" }, caller.user)
      return {}
    },
  }),
]
