import type { JobList } from "../protocol/api.ts"
import type { JobView } from "../protocol/job.ts"
import type { Client, RequestOptions } from "./client.ts"

const PAGE = 1_000

/** The tasks of an array that have begun, or of which something was said alone, by index; of these the ones that are wanted. */
export async function listTasks(
  client: Client,
  array: Pick<JobView, "id" | "user">,
  isWanted: (task: JobView) => boolean,
  options: Pick<RequestOptions, "signal" | "patienceMs"> = {},
): Promise<JobView[]> {
  const found: JobView[] = []
  for (let before: number | undefined; ; ) {
    const query = { user: array.user, array: array.id, limit: PAGE, before }
    const { jobs } = await client.get<JobList>("/v1/jobs", { ...options, query })
    found.push(...jobs.filter(isWanted))
    if (jobs.length < PAGE) break
    before = jobs.at(-1)?.id
  }
  return found.reverse()
}
