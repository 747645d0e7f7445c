import { learnedNote } from "../../protocol/earlier-runs.ts"
import type { JobView } from "../../protocol/job.ts"
import type { Cli } from "../cli.ts"
import { conclude, leftEvent } from "../follow/conclude.ts"
import { followJob } from "../follow/follow-job.ts"
import type { JobSignals } from "../follow/job-signals.ts"
import { JobSink } from "../follow/job-sink.ts"
import { rememberJob } from "../remembered.ts"
import { jobTitle, standingText } from "../render/job-text.ts"
import { printJson, say } from "../say.ts"
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
  if (signals === undefined) {
    await leaveJob(cli, job, request, standingText(job, cli.clock.now()))
    if (request.json) await printJson(cli, leftEvent(job, 0))
    folder?.saveCache()
    return 0
  }
  const { json, quiet, yes } = request
  const sink = new JobSink(cli, { json, quiet })
  await sayAccepted(sink, job)
  request.onAccepted?.(job, (text) => sink.say(text))
  await sink.showStanding(job)
  const follow = job.array === undefined ? (request.session ?? followJob) : await arrayFollower()
  const following = follow(cli, job, { sink, signals, attempt: 1 })
  folder?.saveCache()
  const remember = () => rememberSent(cli, job, request)
  return conclude(cli, await following, { sink, home: { into: request.folder ?? cli.cwd, yes, remember } })
}

/** Loaded where there is an array. */
export async function arrayFollower(): Promise<typeof followJob> {
  return (await import("../follow/follow-array.ts")).followArray
}

/** With a job that was just accepted: says so and leaves it. @param standing where it is, as far as that is known */
export async function leaveJob(cli: Cli, job: Accepted, request: SendRequest, standing: string): Promise<void> {
  const { json, quiet } = request
  // Before anything is said: that may fail.
  rememberSent(cli, job, request)
  await sayAccepted(new JobSink(cli, { json, quiet }), job)
  if (json) return
  await cli.stdout.write(`${job.id}\n`)
  if (quiet) return
  const next = `Watch it: windfall attach ${job.id}   its files: windfall get ${job.id}`
  await say(cli, `${jobTitle(job)} is ${standing}. ${next}`)
}

type Accepted = Pick<JobView, "id" | "spec" | "learned">

async function sayAccepted(sink: JobSink, job: Accepted): Promise<void> {
  await sink.event({ type: "accepted", job: job.id, name: job.spec.name })
  const note = lanNote(job.spec)
  if (note !== undefined) await sink.say(note)
  if (job.learned !== undefined) await sink.say(learnedNote(job.learned))
}

function rememberSent(cli: Cli, { id, spec }: Accepted, request: SendRequest): void {
  const folder = request.folder ?? cli.cwd
  rememberJob(cli.settings, cli.client.url, { job: id, name: spec.name, folder, told: false })
}
