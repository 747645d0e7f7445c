import type { JobHint } from "../../protocol/api.ts"
import { jobHints } from "../../protocol/job-hints.ts"
import type { JobRecord } from "../../store/job-record.ts"
import type { Core } from "../core.ts"
import { decidingOf } from "../gang/members.ts"
import { lastLines } from "../logs/last-lines.ts"

/** So many lines before the end are looked at: libraries say goodbye after the error, too. */
const LINES = 60

/** What is known about why a job failed, by the last lines of its last attempt. */
export async function hintsOf(core: Core, job: JobRecord): Promise<JobHint[]> {
  const attempt = decidingOf(job)
  if (job.state !== "failed" || attempt === undefined) return []
  const log = core.logs.read(job.id, attempt.number, attempt.logComplete, attempt.member?.rank)
  return hintsIn(core, job, await lastLines(log, LINES))
}

/** @param lines the last ones it printed, oldest first */
export function hintsIn(core: Core, job: JobRecord, lines: readonly string[]): JobHint[] {
  const host = decidingOf(job)?.hostId
  const onMac = host !== undefined && core.fleet.get(host)?.record.facts?.platform === "darwin"
  const { id, state, cause, spec, verdict } = job
  const end = { exitCode: verdict?.exitCode ?? null, signal: verdict?.signal ?? null }
  return jobHints({ id, state, cause, spec, onMac, ...end }, lines)
}
