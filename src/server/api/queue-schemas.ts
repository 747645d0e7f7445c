/** What comes in about a job's way through the queue, checked; see schemas.ts. */
import * as z from "zod"
import { MAX_ARRAY_TASKS, type ThrottleRequest } from "../../protocol/job-array.ts"
import { JOB_FIELDS } from "../../protocol/job-fields.ts"
import {
  MAX_NICE_POINTS,
  MAX_PRIORITY_POINTS,
  type NiceRequest,
  NO_QUEUE_REQUEST,
  type QueueRequest,
  type TimeRequest,
} from "../../protocol/queue-request.ts"
import { readDependency } from "../../scheduler/request/dependency.ts"
import { count, label, text, within } from "./schema-parts.ts"

const after = text(4096).superRefine((value, context) => {
  try {
    readDependency(value)
  } catch (error) {
    context.addIssue({ code: "custom", message: (error as SyntaxError).message })
  }
})
const nice = z.int().min(-MAX_NICE_POINTS).max(MAX_NICE_POINTS)

export const queueRequest = z.strictObject({
  account: label.nullable().default(NO_QUEUE_REQUEST.account),
  qos: label.nullable().default(NO_QUEUE_REQUEST.qos),
  partitions: z.array(label).min(1).max(20).nullable().default(null),
  nice: nice.default(NO_QUEUE_REQUEST.nice),
  hold: z.boolean().default(NO_QUEUE_REQUEST.hold),
  beginAt: count.nullable().default(NO_QUEUE_REQUEST.beginAt),
  deadlineAt: count.nullable().default(NO_QUEUE_REQUEST.deadlineAt),
  after: after.nullable().default(NO_QUEUE_REQUEST.after),
  booking: label.nullable().default(null),
})
export const niceRequest = z.strictObject({
  nice: nice.optional(),
  priority: z.int().min(1).max(MAX_PRIORITY_POINTS).nullable().optional(),
})
export const throttleRequest = z.strictObject({ atOnce: z.int().min(1).max(MAX_ARRAY_TASKS).nullable() })
export const timeRequest = z.strictObject({ timeLimitMs: within(JOB_FIELDS.time).nullable() })

type Same<A, B> = [A] extends [B] ? true : never
export const QUEUE_SCHEMAS_AGREE: readonly [
  Same<z.output<typeof queueRequest>, QueueRequest>,
  Same<keyof QueueRequest, keyof z.output<typeof queueRequest>>,
  Same<z.output<typeof niceRequest>, NiceRequest>,
  Same<z.output<typeof timeRequest>, TimeRequest>,
  Same<z.output<typeof throttleRequest>, ThrottleRequest>,
] = [true, true, true, true, true]
