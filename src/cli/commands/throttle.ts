import { WindfallError } from "../../protocol/errors.ts"
import { MAX_ARRAY_TASKS, type ThrottleRequest } from "../../protocol/job-array.ts"
import { readCount } from "../../protocol/job-values.ts"
import { command } from "../command-line/command.ts"
import { flag } from "../command-line/option.ts"
import { eachJob } from "../each-job.ts"
import { jobTitle } from "../render/job-text.ts"

export const throttle = command({
  name: "throttle",
  operands: "JOB N",
  about:
    "Changes how many tasks of an array may run at a time, as sent with --array TASKS%N. Tasks that run already go on, though they are more than that; with none, as many run as there is room for.",
  minimum: 2,
  maximum: 2,
  options: { json: flag("print the array as JSON") },
  examples: [
    ["windfall throttle 17 8", "eight at a time"],
    ["windfall throttle sweep none", "as many as there is room for"],
  ],
  run: (cli, { json }, [job = "", typed = ""]) => {
    const body: ThrottleRequest = { atOnce: readAtOnce(job, typed) }
    return eachJob(cli, [job], json, "throttle", body, (view) => {
      const atOnce = view.array?.atOnce ?? null
      return `${jobTitle(view)}: ${atOnce === null ? "as many tasks as there is room for" : `${atOnce} at a time`}`
    })
  },
})

function readAtOnce(job: string, typed: string): number | null {
  if (typed === "none") return null
  try {
    return readCount(typed, 1, MAX_ARRAY_TASKS)
  } catch (error) {
    throw new WindfallError(
      "invalid_input",
      `Cannot change how many tasks of ${job} run: ${(error as SyntaxError).message}`,
      {
        hint: `For instance: windfall throttle ${job} 8, or none. To let none begin: windfall hold ${job}`,
      },
    )
  }
}
