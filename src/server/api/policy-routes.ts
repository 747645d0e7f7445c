import * as z from "zod"
import type { PolicyApplyView, PolicyView } from "../../protocol/policy-api.ts"
import { MAX_POLICY_BYTES } from "../../scheduler/policy/policy-yaml.ts"
import { applyPolicy, policyView } from "../policy/pool-policy.ts"
import { policy, policyApplied } from "./answers/policy-answers.ts"
import { type Route, route } from "./route.ts"

export const policyApplyRequest = z.strictObject({
  text: z.string().max(MAX_POLICY_BYTES).describe("The policy file (docs/policy-file.md)"),
  dryRun: z.boolean().default(false).describe("Only say what would change"),
})

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
]
