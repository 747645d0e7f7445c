import type { WhyAnswer } from "../protocol/api.ts"
import type { JobView } from "../protocol/job.ts"
import type { Client } from "./client.ts"
import type { Waits } from "./follow/wait-reason.ts"

/** For each of these jobs the server works out anew why it waits: of more, what is in their view must do. */
const MOST_ASKED = 8

/**
 * For what those of the jobs wait now that were on a host before, by their numbers. Their view says why they wait again, and nothing of
 * what keeps them waiting. Never throws: where the server does not say it, it is not shown.
 */
export async function waitsNow(
  client: Pick<Client, "get">,
  jobs: readonly JobView[],
): Promise<ReadonlyMap<number, Waits>> {
  const asked = jobs.filter(({ state, attempts }) => state === "queued" && attempts.length > 0).slice(0, MOST_ASKED)
  const answers = await Promise.all(
    asked.map(async ({ id }): Promise<[number, Waits] | null> => {
      try {
        const why = await client.get<WhyAnswer>(`/v1/jobs/${id}/why`, { query: { brief: "true" }, patienceMs: 0 })
        return [id, { code: why.code, summary: why.summary }]
      } catch {
        return null
      }
    }),
  )
  return new Map(answers.filter((one) => one !== null))
}

/** The job with what it waits for now as its reason, and behind that why it waits again. */
export function withWaits(job: JobView, waits: Waits | undefined): JobView {
  if (waits === undefined) return job
  return { ...job, reason: job.reason === null ? waits.summary : `${waits.summary}; ${job.reason}` }
}
