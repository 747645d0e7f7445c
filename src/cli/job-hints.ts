import type { JobHint, JobHints } from "../protocol/api.ts"
import { WindfallError } from "../protocol/errors.ts"
import type { JobView } from "../protocol/job.ts"
import type { Cli } from "./cli.ts"
import { printable } from "./render/table.ts"

/**
 * What the server knows about why a job failed; nothing for one that did not. It only helps: where it cannot be had (somebody
 * else's job, a server of the release before), there is none.
 */
export async function hintsFor(cli: Cli, job: Pick<JobView, "id" | "state">): Promise<readonly JobHint[]> {
  if (job.state !== "failed") return []
  try {
    return (await cli.client.get<JobHints>(`/v1/jobs/${job.id}/hints`)).hints
  } catch (error) {
    if (error instanceof WindfallError) return []
    throw error
  }
}

/** Two lines for each: what it means, and what to do. */
export function hintLines(hints: readonly JobHint[]): string[] {
  return hints.flatMap(({ meaning, fix }) => [printable(meaning), `  ${printable(fix)}`])
}
