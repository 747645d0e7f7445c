import type { JobView } from "../protocol/job.ts"
import { isFinal } from "../protocol/job-state.ts"
import type { Cli } from "./cli.ts"
import { forgetJob, type RememberedJob, recallJobs } from "./remembered.ts"
import { jobTitle, verdictText } from "./render/job-text.ts"
import { say } from "./say.ts"
import { noteToldEnd } from "./told-end.ts"

const LOOKED_AT = 5
/** After the command has done its work, nobody waits longer for this. */
const PATIENCE_MS = 150

/**
 * Asks, beside the running command, what became of jobs that were left to run; call what is returned after the command to
 * say it. Each job's end is told once. Failing to find out is no news.
 */
export function startWaitingNotice(cli: Cli): () => Promise<void> {
  const url = currentUrl(cli)
  if (url === undefined) return async () => undefined
  const open = recallJobs(cli.settings, url).filter((job) => !job.told)
  if (open.length === 0) return async () => undefined
  const abort = new AbortController()
  const lookups = open.slice(0, LOOKED_AT).map((job) => lookUp(cli, url, job, abort.signal))
  return async () => {
    const timer = setTimeout(() => abort.abort(), PATIENCE_MS)
    const ended = await Promise.all(lookups)
    clearTimeout(timer)
    for (const job of ended) if (job !== undefined) await tell(cli, job)
  }
}

/** The server in use; `undefined` when there is none, which is the command's own to complain about. */
function currentUrl(cli: Cli): string | undefined {
  try {
    return cli.client.url
  } catch {
    return undefined
  }
}

async function tell(cli: Cli, job: JobView): Promise<void> {
  // The command itself may have told it, or brought its files home just now.
  const waiting = noteToldEnd(cli, job)
  if (waiting !== undefined) await say(cli, `${jobTitle(job)} ${verdictText(job)}${waiting}`)
}

/** The job, once it has ended for good and its files are where they will be. */
async function lookUp(
  cli: Cli,
  url: string,
  remembered: RememberedJob,
  signal: AbortSignal,
): Promise<JobView | undefined> {
  try {
    const job = await cli.client.get<JobView>(`/v1/jobs/${remembered.job}`, { signal, patienceMs: 0 })
    return isFinal(job.state) && job.outputs?.state !== "collecting" ? job : undefined
  } catch (error) {
    if ((error as { code?: unknown }).code === "job_not_found") forgetJob(cli.settings, url, remembered.job)
    return undefined
  }
}
