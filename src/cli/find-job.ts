import type { JobList } from "../protocol/api.ts"
import { WindfallError } from "../protocol/errors.ts"
import type { JobView } from "../protocol/job.ts"
import { jobNameProblem } from "../protocol/job-values.ts"
import type { Cli } from "./cli.ts"

/**
 * The job that a number or a name means; the latest one where a name was used again.
 * @throws {WindfallError} `job_not_found`, `invalid_input`
 */
export async function findJob(cli: Cli, typed: string): Promise<JobView> {
  if (/^#?\d+$/.test(typed)) {
    const id = Number(typed.replace("#", ""))
    if (!Number.isSafeInteger(id) || id === 0) throw notAJob(typed)
    return cli.client.get<JobView>(`/v1/jobs/${id}`)
  }
  if (jobNameProblem(typed) !== null) throw notAJob(typed)
  const { jobs } = await cli.client.get<JobList>("/v1/jobs", { query: { name: typed, limit: 1 } })
  const [job] = jobs
  if (job === undefined) {
    throw new WindfallError("job_not_found", `Cannot find the job ${typed}: no job of yours has this name`, {
      hint: "See your jobs: windfall ps --all",
    })
  }
  return job
}

function notAJob(typed: string): WindfallError {
  return new WindfallError(
    "invalid_input",
    `Cannot find the job ${JSON.stringify(typed.slice(0, 80))}: it is neither a job's number nor a name`,
    {
      hint: "See your jobs: windfall ps --all",
    },
  )
}
