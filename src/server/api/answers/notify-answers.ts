import * as z from "zod"
import { NOTIFY_REASONS, type NotifyOn } from "../../../protocol/notify.ts"
import type { NotifySet, NotifyTest, TargetView } from "../../../protocol/notify-api.ts"
import { TARGET_KINDS } from "../../../protocol/notify-target.ts"
import { answer, count, type Describes, time } from "./answer.ts"

export const notifyOn = answer(
  "NotifyOn",
  "Of what to tell somebody, and after how long a job counts as stalled or as waiting for long",
  z.object({ reasons: z.array(z.enum(NOTIFY_REASONS)), stalledMs: count, waitingMs: count }),
)

const kind = z.enum(TARGET_KINDS)
const target = answer(
  "NotifyTarget",
  "Whom to tell, without the secret part of the address",
  z.object({
    id: z.string(),
    kind,
    host: z.string().describe("The machine it is at"),
    isDefault: z.boolean().describe("Told of all jobs that say nothing else"),
    on: notifyOn,
    isSigned: z.boolean(),
    waiting: count.describe("Messages that wait to be sent"),
    dropped: count.describe("Messages given up since the last one that was taken"),
    deliveredAt: time.nullable(),
    failingSince: time.nullable().describe("Since when none was taken; null when the last one was"),
    problem: z.string().nullable().describe("Why the last one was not taken"),
  }),
)
export const targetList = answer("NotifyTargets", "One's targets", z.object({ targets: z.array(target) }))
export const notifySet = answer(
  "NotifySet",
  "One's default targets as they are now",
  z.object({
    targets: z.array(
      target.extend({ secret: z.string().optional().describe("What messages are signed with, told this once") }),
    ),
  }),
)
export const notifyTest = answer(
  "NotifyTest",
  "What became of a message to each default target",
  z.object({
    results: z.array(
      z.object({ id: z.string(), kind, host: z.string(), problem: z.string().nullable().describe("null: taken") }),
    ),
  }),
)

export const NOTIFY_ANSWERS_AGREE: readonly [
  Describes<typeof notifyOn, NotifyOn>,
  Describes<typeof target, TargetView>,
  Describes<typeof notifySet, NotifySet>,
  Describes<typeof notifyTest, NotifyTest>,
] = [true, true, true, true]
