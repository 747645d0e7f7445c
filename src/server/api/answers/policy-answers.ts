import * as z from "zod"
import type { PolicyApplyView, PolicyView, SnapshotView } from "../../../protocol/policy-api.ts"
import { answer, count, type Describes, time } from "./answer.ts"

export const policy = answer(
  "Policy",
  "The policy file as it was applied last",
  z.object({
    version: count.describe("0: nobody has applied one"),
    text: z.string(),
    appliedAt: time.nullable(),
    appliedBy: z.string().nullable(),
    problem: z.string().nullable().describe("Why that of an empty file holds instead: this release cannot read it"),
  }),
)

const planned = z.object({
  place: count.nullable().describe("From 1; null: it does not stand in the queue"),
  state: z.enum(["start", "reserved", "waits"]),
  startAt: time.nullable().describe("null: nobody can say"),
  estimate: z.boolean().describe("Nothing is kept for it: the time is a guess"),
  hosts: z.array(z.string()),
  preempts: z.array(count).describe("Jobs that would leave for it"),
  code: z.string().describe("Why it waits: stable for scripts"),
  reason: z.string(),
})

export const policySnapshot = answer(
  "PolicySnapshot",
  "The pool at a moment, as windfall policy plan takes it",
  z.object({
    at: time,
    masked: z.boolean(),
    snapshot: z.record(z.string(), z.unknown()).describe("A described cluster and queue (docs/policy-formats.md)"),
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
      .array(z.object({ job: count, before: planned.nullable(), after: planned.nullable(), words: z.string() }))
      .describe("Waiting jobs for which the new policy plans otherwise, as the pool is now"),
    notices: z.array(z.string()).optional().describe("Hosts and users that it names and the pool does not know"),
  }),
)

export const POLICY_ANSWERS_AGREE: readonly [
  Describes<typeof policy, PolicyView>,
  Describes<typeof policyApplied, PolicyApplyView>,
  Describes<typeof policySnapshot, SnapshotView>,
] = [true, true, true]
