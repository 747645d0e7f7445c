import type { JobView } from "../../protocol/job.ts"
import type { Cli } from "../cli.ts"
import { conclude } from "../follow/conclude.ts"
import { followJob } from "../follow/follow-job.ts"
import type { JobSignals } from "../follow/job-signals.ts"
import { JobSink } from "../follow/job-sink.ts"
import { rememberJob } from "../remembered.ts"
import { jobTitle, standingText } from "../render/job-text.ts"
import { say } from "../say.ts"
import { lanNote } from "./lan-note.ts"
import type { SendRequest } from "./send-job.ts"
import type { SendingFolder } from "./sending-folder.ts"

/** With a job that was just accepted: stays until it has ended, or detaches at once. Returns the exit code. */
export async function stay(
  cli: Cli,
  job: JobView,
  request: SendRequest,
  { folder, signals }: { readonly folder: SendingFolder | undefined; readonly signals: JobSignals | undefined },
): Promise<number> {
  const { json, quiet, yes } = request
  const remember = () =>
    rememberJob(cli.settings, cli.client.url, {
      job: job.id,
      name: job.spec.name,
      folder: request.folder ?? cli.cwd,
      told: false,
    })
  const sink = new JobSink(cli, { json, quiet })
  await sink.event({ type: "accepted", job: job.id, name: job.spec.name })
  const note = lanNote(job.spec)
  if (note !== undefined) await sink.say(note)
  if (signals === undefined) {
    remember()
    folder?.saveCache()
    if (!json) await sayDetached(cli, job, quiet)
    return 0
  }
  await sink.showStanding(job)
  const following = (request.session ?? followJob)(cli, job, { sink, signals, attempt: 1 })
  folder?.saveCache()
  return conclude(cli, await following, { sink, home: { into: request.folder ?? cli.cwd, yes, remember } })
}

async function sayDetached(cli: Cli, job: JobView, quiet: boolean): Promise<void> {
  await cli.stdout.write(`${job.id}\n`)
  if (quiet) return
  const next = `Watch it: windfall attach ${job.id}   its files: windfall get ${job.id}`
  await say(cli, `${jobTitle(job)} is ${standingText(job, cli.clock.now())}. ${next}`)
}
