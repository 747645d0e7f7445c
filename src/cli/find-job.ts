import type { JobList } from "../protocol/api.ts"
import { WindfallError } from "../protocol/errors.ts"
import type { JobView } from "../protocol/job.ts"
import { type JobReference, readJobReference } from "../protocol/job-array.ts"
import { jobNameProblem } from "../protocol/job-values.ts"
import type { Cli } from "./cli.ts"

/**
 * The job that a number or a name means; the latest one where a name was used again.
 * @throws {WindfallError} `job_not_found`, `invalid_input`
 */
export async function findJob(cli: Cli, typed: string): Promise<JobView> {
  const reference = readJobReference(typed)
  if (reference !== undefined) return cli.client.get<JobView>(`/v1/jobs/${pathOf(reference)}`)
  if (/^#?\d+(_|$)/.test(typed)) throw notAJob(typed)
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

/** What something is asked of that can be asked of several tasks at once. */
export interface FoundTarget {
  /** The job, or the array of the tasks. */
  readonly job: JobView
  /** As it stands in a path of the API. */
  readonly path: string
  /** The tasks, where they are several of the array: `17_[3-9]`; `null`: it is asked of the job. */
  readonly tasks: string | null
}

/**
 * As {@link findJob}, and also several tasks of an array: `17_[3-9]`.
 * @throws {WindfallError}
 */
export async function findTarget(cli: Cli, typed: string): Promise<FoundTarget> {
  const reference = readJobReference(typed)
  const isSeveral = reference !== undefined && reference.tasks !== null && reference.index === null
  const job = await findJob(cli, isSeveral ? `${reference.job}` : typed)
  if (!isSeveral) return { job, path: `${job.id}`, tasks: null }
  const { job: array, tasks } = reference
  return { job, path: pathOf(reference), tasks: `${array}_[${tasks}]` }
}

function pathOf({ job, tasks, index }: JobReference): string {
  if (tasks === null) return `${job}`
  return index === null ? encodeURIComponent(`${job}_[${tasks}]`) : `${job}_${index}`
}

function notAJob(typed: string): WindfallError {
  return new WindfallError(
    "invalid_input",
    `Cannot find the job ${JSON.stringify(typed.slice(0, 80))}: it is neither a job's number, nor a task of an array (17_5), nor a name`,
    {
      hint: "See your jobs: windfall ps --all",
    },
  )
}
