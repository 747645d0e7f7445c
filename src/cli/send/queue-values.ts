import { WindfallError } from "../../protocol/errors.ts"
import type { JobSpec } from "../../protocol/job.ts"
import { MAX_ARRAY_INDEX, MAX_ARRAY_TASKS } from "../../protocol/job-array.ts"
import type { JobFieldKey, JobValues } from "../../protocol/job-fields.ts"
import { NO_QUEUE_REQUEST } from "../../protocol/queue-request.ts"
import { readAfterWords } from "../../scheduler/request/after-words.ts"
import { readArrayTasks } from "../../scheduler/request/array-tasks.ts"
import { readDeadlineMs, readMomentMs } from "../../scheduler/time/moment-text.ts"

/** Moments are meant by the clock of who sends. */
export interface SenderClock {
  readonly nowMs: number
  /** IANA name. */
  readonly timeZone: string
}

/**
 * The job with what its sender said of its way through the queue.
 * @throws {WindfallError} `invalid_input`, with the field's key in `details.field`
 */
export function withQueueValues(spec: JobSpec, values: JobValues, { nowMs, timeZone }: SenderClock): JobSpec {
  const { account = null, qos = null, nice = 0, hold = false, begin, deadline, after, reservation, partition } = values
  const { array, ...others } = queueValues(values)
  const tasks = array === undefined ? {} : { array: checkedArray(array) }
  if (Object.values(others).every((value) => value === undefined)) return { ...spec, ...tasks }
  const partitions = partition === undefined ? null : partition.split(",").map((name) => name.trim())
  return {
    ...spec,
    ...tasks,
    partition: partitions?.[0] ?? spec.partition,
    queue: {
      ...NO_QUEUE_REQUEST,
      account,
      qos,
      partitions,
      nice,
      hold,
      beginAt: begin === undefined ? null : read("begin", () => readMomentMs(begin, nowMs, timeZone)),
      deadlineAt: deadline === undefined ? null : read("deadline", () => readDeadlineMs(deadline, nowMs, timeZone)),
      after: after === undefined ? null : read("after", () => readAfterWords(after)),
      booking: reservation ?? null,
    },
  }
}

function queueValues({ account, qos, nice, hold, begin, deadline, after, reservation, partition, array }: JobValues) {
  return { account, qos, nice, hold, begin, deadline, after, reservation, partition, array }
}

/** As it was typed, once it can be read. */
function checkedArray(text: string): string {
  read("array", () => readArrayTasks(text, { maxIndex: MAX_ARRAY_INDEX, maxTasks: MAX_ARRAY_TASKS }))
  return text
}

function read<T>(field: JobFieldKey, reading: () => T): T {
  try {
    return reading()
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    throw new WindfallError("invalid_input", `Cannot use --${field}: ${error.message}`, {
      hint: EXAMPLES[field] ?? "docs/queue.md has all that can be said",
      details: { field },
    })
  }
}

const EXAMPLES: { readonly [Field in JobFieldKey]?: string } = {
  begin: "For instance: --begin 18:00, --begin 'tomorrow 09:00', --begin now+2hours",
  deadline: "For instance: --deadline 18:00, --deadline 'tomorrow 09:00', --deadline now+8hours",
  array: "For instance: --array 1-100%8, --array 0-9,20, --array 1-31:5",
  after: "For instance: --after ok:12, --after any:12:13, --after ok:12,notok:14",
}
