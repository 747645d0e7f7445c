import type { JobView } from "../protocol/job.ts"
import type { Cli } from "./cli.ts"
import { forgetJob, recallJob, rememberJob } from "./remembered.ts"

/**
 * Notes that the end of a job sent from here is being told, so that nobody tells it again. Returns what else is to be said of
 * it: "; 3 files wait: windfall get 12", or "". `undefined` where there is nothing to tell: it is not one of those left to run,
 * or its end was told before.
 */
export function noteToldEnd(cli: Cli, job: JobView): string | undefined {
  const { url } = cli.client
  // Whoever brought its files home just now has forgotten it.
  const remembered = recallJob(cli.settings, url, job.id)
  if (remembered === undefined || remembered.told) return undefined
  const files = job.outputs?.state === "ready" ? job.outputs.files : 0
  if (files === 0) forgetJob(cli.settings, url, job.id)
  else rememberJob(cli.settings, url, { ...remembered, told: true })
  return files === 0 ? "" : `; ${files} file${files === 1 ? " waits" : "s wait"}: windfall get ${job.id}`
}
