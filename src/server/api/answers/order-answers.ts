import * as z from "zod"
import type { AheadView, ExpectedStart, PriorityView, QueueOrderView } from "../../../protocol/queue-order.ts"
import { answer, count, type Describes, time } from "./answer.ts"
import { task, waitingTasks } from "./array-answers.ts"

export const priorityView = answer(
  "Priority",
  "What the priority of a job is made of; no rows when it was set by hand",
  z.object({
    priority: count,
    rows: z.array(
      z.object({
        factor: z.string(),
        value: z.number().nullable(),
        weight: z.number().nullable(),
        points: z.number(),
      }),
    ),
  }),
)

const aheadOne = z.object({
  job: count,
  task,
  user: z.string(),
  place: count,
  priority: count.nullable(),
  because: z.string().describe("By what it stands before, in words"),
})

export const ahead = z.array(aheadOne)

export const expected = answer(
  "ExpectedStart",
  "When a waiting job is expected to start",
  z.object({
    from: time.nullable().describe("If all that runs now ended at once; null: nobody can say"),
    to: time.nullable().describe("If all jobs take all of their time limits; null: nobody can say"),
    hosts: z.array(z.string()),
    estimate: z.boolean().describe("Nothing is kept for it"),
    none: z.literal(true).optional().describe("It has none as things are said, whatever room there is"),
    rests: z.string().describe("What it rests on, in words"),
  }),
)

export const queueOrder = answer(
  "QueueOrder",
  "Who waits, in the order of the queue, then who is kept out of it",
  z.object({
    policy: count.describe("The version that makes the order; 0: none, so that it is that in which jobs were sent"),
    at: time,
    waiting: count,
    entries: z.array(
      z.object({
        job: count,
        user: z.string(),
        name: z.string().nullable(),
        waiting: waitingTasks,
        task,
        account: z.string().nullable().describe("null without a policy, as qos and priority"),
        qos: z.string().nullable(),
        partition: z.string(),
        priority: count.nullable(),
        place: count.nullable().describe("From 1; null: it is kept out of the queue"),
        code: z.string(),
        reason: z.string(),
        startAt: time.nullable().describe("At the latest as everything is planned; null: nobody can say"),
        estimate: z.boolean().describe("Nothing is kept for it"),
        behind: count.optional().describe("A job that may go first and has no time yet: it may start later than that"),
        hosts: z.array(z.string()),
      }),
    ),
  }),
)

export const ORDER_ANSWERS_AGREE: readonly [
  Describes<typeof priorityView, PriorityView>,
  Describes<typeof aheadOne, AheadView>,
  Describes<typeof expected, ExpectedStart>,
  Describes<typeof queueOrder, QueueOrderView>,
] = [true, true, true, true]
