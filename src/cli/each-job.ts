import { WindfallError } from "../protocol/errors.ts"
import type { JobView } from "../protocol/job.ts"
import type { Cli } from "./cli.ts"
import { findTarget } from "./find-job.ts"
import { printJson, sayError } from "./say.ts"

/**
 * Asks the server for the same of each job, and prints a line for each. One that is refused does not keep the others from it. Returns the
 * exit code.
 */
export async function eachJob(
  cli: Cli,
  typed: readonly string[],
  json: boolean,
  verb: "hold" | "release" | "nice" | "time" | "throttle",
  body: unknown,
  textOf: (job: JobView) => string,
): Promise<number> {
  const targets = await Promise.all(typed.map((one) => findTarget(cli, one)))
  let exitCode = 0
  for (const { path } of targets) {
    try {
      const view = await cli.client.post<JobView>(`/v1/jobs/${path}/${verb}`, body)
      if (json) await printJson(cli, view)
      else await cli.stdout.write(`${textOf(view)}\n`)
    } catch (error) {
      if (!(error instanceof WindfallError) || error.code === "server_unreachable" || error.code === "link_lost")
        throw error
      exitCode = error.exitCode
      await sayError(cli, error)
    }
  }
  return exitCode
}
