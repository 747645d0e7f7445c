import type { JobView } from "../protocol/job.ts"
import { isFinal } from "../protocol/job-state.ts"
import { fs, path } from "./builtin.ts"
import type { Cli } from "./cli.ts"
import { forgetJob, type RememberedJob, recallJobs, rememberJob } from "./remembered.ts"
import { jobTitle, verdictText } from "./render/job-text.ts"
import { say } from "./say.ts"

const LOOKED_AT = 5
/** After the command has done its work, nobody waits longer for this. */
const PATIENCE_MS = 150

/** Whether any job of any server was left to run from here: one look at the disk, for the commands that are quick. */
export function mayHaveWaiting(cli: Cli): boolean {
  return fs.existsSync(path.join(cli.settings.stateFolder, "detached"))
}

/**
 * Asks, beside the running command, what became of jobs that were left to run; call what is returned after the command to
 * say it. Each job's end is told once. Failing to find out is no news.
 */
export function startWaitingNotice(cli: Cli): () => Promise<void> {
  const { url } = cli.login
  const open = recallJobs(cli.settings, url).filter((job) => !job.told)
  if (open.length === 0) return async () => undefined
  const abort = new AbortController()
  const lookups = open.slice(0, LOOKED_AT).map((job) => lookUp(cli, url, job, abort.signal))
  return async () => {
    const timer = setTimeout(() => abort.abort(), PATIENCE_MS)
    const lines = await Promise.all(lookups)
    clearTimeout(timer)
    for (const line of lines) if (line !== undefined) await say(cli, line)
  }
}

async function lookUp(
  cli: Cli,
  url: string,
  remembered: RememberedJob,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    const job = await cli.client.get<JobView>(`/v1/jobs/${remembered.job}`, { signal, patienceMs: 0 })
    if (!isFinal(job.state) || job.outputs?.state === "collecting") return undefined
    const files = job.outputs?.state === "ready" ? job.outputs.files : 0
    if (files === 0) forgetJob(cli.settings, url, remembered.job)
    else rememberJob(cli.settings, url, { ...remembered, told: true })
    const waiting = files === 0 ? "" : `; ${files} file${files === 1 ? " waits" : "s wait"}: windfall get ${job.id}`
    return `${jobTitle(job)} ${verdictText(job)}${waiting}`
  } catch (error) {
    if ((error as { code?: unknown }).code === "job_not_found") forgetJob(cli.settings, url, remembered.job)
    return undefined
  }
}
