import { WindfallError } from "../protocol/errors.ts"
import type { JobView } from "../protocol/job.ts"
import type { ChangeNotices } from "../protocol/queue-request.ts"
import type { Cli } from "./cli.ts"
import { findTarget } from "./find-job.ts"
import { jobTitle } from "./render/job-text.ts"
import { printJson, say, sayError } from "./say.ts"

/**
 * Asks the server for the same of each job, and prints a line for each. One that is refused does not keep the others from it. Returns the
 * exit code.
 * @param textOf of the job, or of the array of the tasks that are named
 */
export async function eachJob(
  cli: Cli,
  typed: readonly string[],
  json: boolean,
  verb: "hold" | "release" | "nice" | "time" | "throttle",
  body: unknown,
  textOf: (job: JobView, tasks: string | null) => string,
): Promise<number> {
  const targets = await Promise.all(typed.map((one) => findTarget(cli, one)))
  let exitCode = 0
  for (const { path, tasks } of targets) {
    try {
      const view = await cli.client.post<JobView & ChangeNotices>(`/v1/jobs/${path}/${verb}`, body)
      if (json) await printJson(cli, view)
      else await cli.stdout.write(`${textOf(view, tasks)}\n`)
      for (const notice of view.notices ?? []) await say(cli, notice)
    } catch (error) {
      if (!(error instanceof WindfallError) || error.code === "server_unreachable" || error.code === "link_lost")
        throw error
      exitCode = error.exitCode
      await sayError(cli, error)
    }
  }
  return exitCode
}

/** Who was named: `job 17 (sweep)`, or of several tasks `tasks 17_[3-9] of job 17 (sweep)`. */
export function namedTitle(job: JobView, tasks: string | null): string {
  return `${tasks === null ? "" : `tasks ${tasks} of `}${jobTitle(job)}`
}
