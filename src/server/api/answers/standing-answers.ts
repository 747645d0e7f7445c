import * as z from "zod"
import type { JobStanding, QueueRequest } from "../../../protocol/queue-request.ts"
import { answer, count, type Describes, time } from "./answer.ts"

export const queueAsked = answer(
  "QueueRequest",
  "What a job's sender said of its way through the queue",
  z.object({
    account: z.string().nullable(),
    qos: z.string().nullable(),
    partitions: z.array(z.string()).nullable().describe("It starts in whichever has room first"),
    nice: z.int(),
    hold: z.boolean(),
    beginAt: time.nullable(),
    deadlineAt: time.nullable(),
    after: z.string().nullable().describe("What it waits for of other jobs, as afterok:12"),
    booking: z.string().nullable().optional().describe("The booking in which it runs, and nowhere else"),
  }),
)

export const standing = answer(
  "Standing",
  "What was said of a job's place in the queue after it was sent, and under what it was placed",
  z.object({
    hold: z.enum(["user", "admin", "copy"]).optional().describe("Who holds it"),
    nice: z.int().optional(),
    priority: count.optional().describe("Set by hand"),
    timeLimitMs: count.nullable().optional().describe("Instead of what was asked for"),
    waitsSince: time.optional().describe("Since when its waiting counts, where that is later than when it was sent"),
    reached: count.optional().describe("The highest priority it had while it waited, where by policy that never falls"),
    ranAs: z.object({ account: z.string(), partition: z.string(), qos: z.string() }).optional(),
    leaving: z
      .object({
        attempt: count,
        for: count,
        until: time,
        graceMs: count,
        text: z.string().optional().describe("How it was preempted, and by what right"),
      })
      .optional()
      .describe("This attempt is being ended so that another job gets its place"),
    stoppedFor: z
      .object({
        attempt: count,
        for: count.nullable().describe("The job for which; null: it goes on"),
        runner: count.optional().describe("The job, or task, that began to run in its place"),
        turn: count.describe("Counts up with each word to its host"),
        done: z.boolean().describe("Its host has answered that it is so"),
        since: time,
        text: z.string(),
      })
      .optional()
      .describe("What its host was told last of stopping this attempt for another job"),
    roomAsked: z
      .array(
        z.object({
          partition: z.string().describe("By whose right"),
          hosts: z.array(z.string()),
          startMs: time,
          endMs: time.nullable(),
        }),
      )
      .optional()
      .describe("What others were asked to make room for, kept for it until it starts there or is too late"),
  }),
)

export const STANDING_ANSWERS_AGREE: readonly [
  Describes<typeof queueAsked, QueueRequest>,
  Describes<typeof standing, JobStanding>,
] = [true, true]
