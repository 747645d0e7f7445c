import * as z from "zod"
import type { QueueJob, QueueView } from "../../../protocol/queue.ts"
import { answer, count, type Describes, time } from "./answer.ts"
import { task, waitingTasks } from "./array-answers.ts"
import { jobState, usage } from "./job-answers.ts"

const queueJob = answer(
  "QueueJob",
  "A job in few words",
  z.object({
    id: count,
    user: z.string(),
    name: z.string().nullable(),
    waiting: waitingTasks,
    task,
    command: z.array(z.string()).describe("Of others' jobs the first word alone"),
    state: jobState,
    reason: z.string().nullable(),
    submittedAt: time,
    startedAt: time.nullable(),
    memoryBytes: count.describe("Leased for it, or asked for"),
    hostId: z.string().nullable(),
    outOfContactSince: time.nullable(),
    usage: usage.nullable(),
  }),
)

export const queue = answer(
  "Queue",
  "What runs, host by host, and the first jobs that wait",
  z.object({
    running: z.array(queueJob),
    waiting: count.describe("How many wait in all"),
    next: z.array(queueJob).describe("In the order of the queue"),
  }),
)

export const QUEUE_ANSWERS_AGREE: readonly [Describes<typeof queueJob, QueueJob>, Describes<typeof queue, QueueView>] =
  [true, true]
