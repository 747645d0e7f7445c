import * as z from "zod"
import type { PolicyApplyView, PolicyView } from "../../../protocol/policy-api.ts"
import { answer, count, type Describes, time } from "./answer.ts"

export const policy = answer(
  "Policy",
  "The policy file as it was applied last",
  z.object({
    version: count.describe("0: nobody has applied one"),
    text: z.string(),
    appliedAt: time.nullable(),
    appliedBy: z.string().nullable(),
  }),
)

export const policyApplied = answer(
  "PolicyApplied",
  "What a policy file changes",
  z.object({
    version: count.describe("The version that holds now"),
    applied: z.boolean(),
    changes: z.array(
      z.object({ path: z.array(z.string()), before: z.unknown(), after: z.unknown(), words: z.string() }),
    ),
    moves: z
      .array(z.object({ job: count, from: count, to: count }))
      .describe("Waiting jobs that come to another place"),
  }),
)

export const POLICY_ANSWERS_AGREE: readonly [
  Describes<typeof policy, PolicyView>,
  Describes<typeof policyApplied, PolicyApplyView>,
] = [true, true]
