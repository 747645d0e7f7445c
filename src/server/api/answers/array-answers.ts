import * as z from "zod"
import type { ArrayView } from "../../../protocol/job-array.ts"
import { CAUSES } from "../../../protocol/job-state.ts"
import { answer, count, type Describes } from "./answer.ts"

export const task = z
  .object({ array: count, index: count })
  .optional()
  .describe("Of a task: its array and which of it; it goes by array_index, as 17_5")

export const waitingTasks = z
  .string()
  .optional()
  .describe(
    "Of an array: its tasks that have not begun and may, or where none may those that are held, with how many at a time, as 4-100%8",
  )

export const arrayAnswer = answer(
  "Array",
  'How the tasks of an array stand. Sets of indices are texts, as "0-2,7,10-18:2"; "" for none',
  z.object({
    tasks: z.string().describe("All of them"),
    count,
    first: count,
    last: count,
    step: count.nullable().describe("How far one index is from the next; null where that differs"),
    atOnce: count.nullable().describe("How many may run at a time; null: as many as there is room for"),
    waiting: z.string().describe("Have not begun, and may"),
    held: z.string().describe("Are held, each by itself"),
    blocked: z.string().describe("Wait for the task of the same index elsewhere"),
    counts: z.object({
      waiting: count.describe("Have not begun, or are to be tried again"),
      running: count,
      succeeded: count,
      failed: count,
      cancelled: count,
      timed_out: count,
    }),
    failures: z
      .array(
        z.object({
          index: count,
          state: z.enum(["failed", "cancelled", "timed_out"]),
          cause: z.enum(CAUSES),
          exitCode: z.int().nullable(),
          signal: z.int().nullable(),
        }),
      )
      .describe("The first that did not succeed, in the order in which they ended"),
  }),
)

export const ARRAY_ANSWERS_AGREE: Describes<typeof arrayAnswer, ArrayView> = true
