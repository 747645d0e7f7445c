import type { Me } from "../../protocol/api.ts"
import { attemptCount } from "../../protocol/attempt-members.ts"
import { WindfallError } from "../../protocol/errors.ts"
import type { JobView } from "../../protocol/job.ts"
import { isFinal } from "../../protocol/job-state.ts"
import type { Cli } from "../cli.ts"
import { command } from "../command-line/command.ts"
import { flag } from "../command-line/option.ts"
import { findJob } from "../find-job.ts"
import { type ConcludeOptions, conclude } from "../follow/conclude.ts"
import { followJob } from "../follow/follow-job.ts"
import { JobSignals } from "../follow/job-signals.ts"
import { JobSink } from "../follow/job-sink.ts"
import { recallJob } from "../remembered.ts"
import { outputsFor } from "../render/clean-output.ts"
import { arrayFollower } from "../send/stay.ts"

export const attach = command({
  name: "attach",
  operands: "JOB",
  about:
    "Watches a job as if it had been sent here just now: its output from the start of its latest attempt, and its exit code. A session's terminal is yours again. If it was sent from this machine, its files come home too.",
  minimum: 1,
  maximum: 1,
  options: {
    yes: flag("do not ask: bring large outputs home", { short: "y" }),
    quiet: flag("say nothing but errors and warnings; the job's own output stays", { short: "q" }),
    json: flag("print events as JSON, one a line; the last one says the exit code"),
  },
  examples: [["windfall attach train", "see it through; Ctrl-C asks whether to detach or stop"]],
  async run(cli, options, [typed = ""]) {
    const job = await findJob(cli, typed)
    await requireOwn(cli, job)
    return attachJob(cli, job, options, rememberedHome(cli, job, options.yes))
  },
})

async function requireOwn(cli: Cli, job: JobView): Promise<void> {
  const me = await cli.client.get<Me>("/v1/me")
  if (me.role === "admin" || me.user === job.user) return
  throw new WindfallError("not_allowed", `Cannot attach to job ${job.id}: it is ${job.user}'s`, {
    hint: "Only its owner and administrators may watch it. How it stands: windfall ps --user all",
  })
}

/** Follows a job to its end. */
export async function attachJob(
  cli: Cli,
  job: JobView,
  options: { readonly json: boolean; readonly quiet: boolean },
  home: ConcludeOptions["home"],
): Promise<number> {
  // Events are JSON, which has its own way of writing control characters.
  const sink = new JobSink(options.json ? cli : outputsFor(cli, job), options)
  using signals = new JobSignals()
  await sink.event({ type: "accepted", job: job.id, name: job.spec.name })
  const attempt = Math.max(1, attemptCount(job))
  if (attempt > 1)
    await sink.say(`attempt ${attempt}; earlier output: windfall logs ${job.id} --attempt ${attempt - 1}`)
  const follow =
    job.array !== undefined
      ? await arrayFollower()
      : hasTerminal(job) && !options.json
        ? await sessionFollower()
        : followJob
  const end = await follow(cli, job, { sink, signals, attempt })
  return conclude(cli, end, { sink, home })
}

/** Of a session that is over only what it showed is left: to see that takes no terminal. */
function hasTerminal({ spec, state }: JobView): boolean {
  return spec.kind === "session" && !isFinal(state) && state !== "finishing"
}

/** Whoever attaches to a session sits at its terminal. */
async function sessionFollower(): Promise<typeof followJob> {
  return (await import("../terminal/follow-session.ts")).followSession
}

/** Where the files of a job sent from here belong; jobs sent from elsewhere keep theirs on the server. */
function rememberedHome(cli: Cli, job: JobView, yes: boolean): ConcludeOptions["home"] {
  const { url } = cli.client
  const remembered = recallJob(cli.settings, url, job.id)
  if (remembered === undefined) return null
  return { into: remembered.folder, yes, remember: () => undefined }
}
