import { formatDuration } from "../../base/duration.ts"
import { WindfallError } from "../../protocol/errors.ts"
import { JOB_FIELDS } from "../../protocol/job-fields.ts"
import { readDuration } from "../../protocol/job-values.ts"
import type { TimeRequest } from "../../protocol/queue-request.ts"
import { command } from "../command-line/command.ts"
import { flag } from "../command-line/option.ts"
import { eachJob, namedTitle } from "../each-job.ts"

export const time = command({
  name: "time",
  operands: "JOB DURATION",
  about:
    "Changes a job's time limit, also while it runs. Whoever sent it may change it as long as it waits, and make it shorter later; administrators and coordinators of its account may give it more time, or none (no limit).",
  minimum: 2,
  maximum: 2,
  options: { json: flag("print the job as JSON") },
  examples: [
    ["windfall time train 4h", "at most four hours in all"],
    ["windfall time 12 none", "no limit"],
  ],
  run(cli, { json }, [job = "", typed = ""]) {
    const body: TimeRequest = { timeLimitMs: typed === "none" ? null : readLimit(typed) }
    const text = body.timeLimitMs === null ? "no time limit" : `time limit ${formatDuration(body.timeLimitMs)}`
    return eachJob(cli, [job], json, "time", body, (view, tasks) => `${namedTitle(view, tasks)}: ${text}`)
  },
})

function readLimit(typed: string): number {
  try {
    return readDuration(typed, JOB_FIELDS.time.minimum, JOB_FIELDS.time.maximum)
  } catch (error) {
    throw new WindfallError("invalid_input", `Cannot use this time limit: ${(error as SyntaxError).message}`, {
      hint: "For instance: windfall time JOB 2h30m, or windfall time JOB none",
    })
  }
}
