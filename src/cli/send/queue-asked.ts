import type { JobSpec } from "../../protocol/job.ts"
import type { JobFieldKey, JobValues } from "../../protocol/job-fields.ts"
import type { Cli } from "../cli.ts"

const FIELDS: readonly JobFieldKey[] = [
  "account",
  "qos",
  "nice",
  "hold",
  "begin",
  "deadline",
  "after",
  "reservation",
  "partition",
  "array",
]

/** The job with what was said of its way through the queue. How that is read is loaded only where something was. */
export async function withQueue(cli: Cli, spec: JobSpec, values: JobValues): Promise<JobSpec> {
  if (FIELDS.every((field) => values[field] === undefined)) return spec
  const { timeZone } = new Intl.DateTimeFormat().resolvedOptions()
  return (await import("./queue-values.ts")).withQueueValues(spec, values, { nowMs: cli.clock.now(), timeZone })
}
