import * as z from "zod"
import type { PolicyApplyView, PolicyView, SnapshotView } from "../../protocol/policy-api.ts"
import { MAX_POLICY_BYTES } from "../../scheduler/policy/policy-yaml.ts"
import { applyPolicy, policyView } from "../policy/pool-policy.ts"
import { poolSnapshot } from "../policy/pool-snapshot.ts"
import { policy, policyApplied, policySnapshot } from "./answers/policy-answers.ts"
import { type Route, route } from "./route.ts"
import { queryFlag } from "./schemas.ts"

export const policyApplyRequest = z.strictObject({
  text: z.string().max(MAX_POLICY_BYTES).describe("The policy file (docs/policy-file.md)"),
  dryRun: z.boolean().default(false).describe("Only say what would change"),
})

export const snapshotQuery = z.object({ mask: queryFlag.default(false) })

export const policyRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/v1/policy",
    summary: "Shows the policy file that holds",
    answer: policy,
    respond: ({ core }): PolicyView => policyView(core),
  }),
  route({
    method: "POST",
    path: "/v1/policy",
    summary: "Applies a policy file whole, or says what it would change",
    answer: policyApplied,
    admin: "apply a policy",
    body: policyApplyRequest,
    change: ({ core, caller, body }): PolicyApplyView => applyPolicy(core, body, caller.user),
  }),
  route({
    method: "GET",
    path: "/v1/policy/snapshot",
    summary: "Describes the pool at this moment so that its plan can be made elsewhere; names masked on request",
    answer: policySnapshot,
    admin: "see all that plans are made from",
    query: snapshotQuery,
    respond: ({ core, query }): SnapshotView => poolSnapshot(core, query.mask),
  }),
]
