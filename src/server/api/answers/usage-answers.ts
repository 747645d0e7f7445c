import * as z from "zod"
import type { LimitsView, ShareView, UsageCheckView, UsageView } from "../../../protocol/usage-api.ts"
import { USAGE_GROUPS } from "../../../protocol/usage-api.ts"
import { answer, count, type Describes, time } from "./answer.ts"

const amount = z.number()

export const share = answer(
  "Share",
  "How the pool is shared, and what everybody has used of it, faded",
  z.object({
    algorithm: z.enum(["fair_tree", "classic"]),
    through: time.describe("What ran until then is in it"),
    halfLifeMs: amount.describe("0: usage does not fade"),
    rows: z
      .array(
        z.object({
          kind: z.enum(["account", "user"]),
          path: z.string().describe("root, or names from below it joined by /"),
          name: z.string(),
          shares: z.union([amount, z.literal("parent")]),
          normShares: amount.describe("Part of the shares of its level (Fair Tree), or of the pool (classic)"),
          usage: amount.describe("Faded billable units times seconds; what is donated is taken off"),
          donated: amount.describe("As usage: for what others were charged on their Macs"),
          normUsage: amount.describe("Part of all usage"),
          effectiveUsage: amount,
          levelFs: z
            .union([amount, z.literal("inf")])
            .nullable()
            .describe("Above 1: it has had less than its share"),
          fairShare: amount.nullable().describe("The factor of users"),
        }),
      )
      .describe("From the root down, each account before what is in it"),
  }),
)

export const usage = answer(
  "Usage",
  "What ran, unfaded, in seconds times what was held",
  z.object({
    by: z.enum(USAGE_GROUPS),
    since: time,
    until: time,
    rows: z.array(
      z.object({
        name: z.string().nullable().describe("null: jobs that serve no model"),
        jobs: count,
        attempts: count,
        ranS: amount.describe("Without what they were stopped"),
        gpuS: amount,
        coreS: amount,
        memoryGibS: amount,
        chargedS: amount.describe("In billable units"),
        stoppedS: amount.describe("For the people at the Mac"),
        ownS: amount.describe("Of ranS: on the user's own Mac"),
        lentS: amount.describe("That others ran on its Macs"),
        donatedS: amount.describe("In billable units: taken off the owner's usage for that"),
      }),
    ),
  }),
)

export const limits = answer(
  "Limits",
  "Which limits hold for a job of the caller's, and how much of each is used",
  z.object({
    user: z.string(),
    account: z.string(),
    partition: z.string(),
    qos: z.string(),
    refusal: z.string().nullable().describe("Why such a job may not run at all"),
    limits: z
      .array(
        z.object({
          layer: z.enum(["partition_qos", "qos", "user", "account", "root", "partition"]),
          name: z.string(),
          scope: z.enum(["group", "user", "account", "job"]),
          limit: z.string(),
          resource: z.string().nullable(),
          most: amount,
          used: amount.nullable().describe("null: it is of each job by itself"),
        }),
      )
      .describe("In the order in which they are looked at"),
  }),
)

export const usageCheck = answer(
  "UsageCheck",
  "All usage reckoned anew from the recorded intervals, compared with the sums that hold",
  z.object({
    through: time.describe("Both are as of then"),
    intervals: count,
    amounts: count.describe("How many sums there are"),
    settled: z.boolean().describe("false: usage was charged again and again meanwhile; nothing was compared"),
    differences: z.array(
      z.object({
        account: z.string(),
        user: z.string(),
        qos: z.string(),
        amount: z.string().describe("Of what: units, cpu, gpu, memory (GiB), wall, donated; times seconds"),
        recorded: z.number(),
        recomputed: z.number(),
      }),
    ),
    more: count.describe("So many more differences"),
  }),
)

export const USAGE_ANSWERS_AGREE: readonly [
  Describes<typeof share, ShareView>,
  Describes<typeof usage, UsageView>,
  Describes<typeof limits, LimitsView>,
  Describes<typeof usageCheck, UsageCheckView>,
] = [true, true, true, true]
