import { parseDuration } from "../../base/duration.ts"
import { WindfallError } from "../../protocol/errors.ts"
import type { JobView } from "../../protocol/job.ts"
import { isFinal } from "../../protocol/job-state.ts"
import type { Cli } from "../cli.ts"
import { command } from "../command-line/command.ts"
import { flag, value } from "../command-line/option.ts"
import { findJob } from "../find-job.ts"
import { JobWatch } from "../follow/job-watch.ts"
import { orLoginLost } from "../follow/login-lost.ts"
import { hintLines, hintsFor } from "../job-hints.ts"
import { endText, jobExitCode, standingText } from "../render/job-text.ts"
import { StatusLine } from "../render/status-line.ts"
import { printJson, say } from "../say.ts"
import { noteToldEnd } from "../told-end.ts"

const PATIENCE_MS = 10 * 60_000

export const wait = command({
  name: "wait",
  operands: "JOB...",
  about:
    "Waits until the jobs have ended. The exit code is the first one that is not 0, in the order named: the job's own, 128+n for a signal, 124 for the time limit, 130 when it was stopped, 125 when Windfall or the host failed.",
  minimum: 1,
  maximum: 1000,
  options: {
    timeout: value("DURATION", "stop waiting after this long, with exit code 124", parseDuration, { short: "t" }),
    json: flag("print each job as JSON when it has ended; of several, a last line says the exit code"),
  },
  examples: [["windfall wait 12 13 && windfall get 12", "go on when both have succeeded"]],
  async run(cli, options, typed) {
    const found = await Promise.all(typed.map((one) => findJob(cli, one)))
    // A job may be named twice, by number and by name.
    const jobs = [...new Map(found.map((job) => [job.id, job])).values()]
    const abort = new AbortController()
    const status = new StatusLine(cli.stderr, cli.clock)
    let timedOut = false
    const timer =
      options.timeout === undefined
        ? undefined
        : setTimeout(() => {
            timedOut = true
            abort.abort()
          }, options.timeout)
    try {
      const ended = await Promise.all(jobs.map((job) => waitFor(cli, job, abort.signal, status, options.json)))
      const exitCode = ended.map(jobExitCode).find((code) => code !== 0) ?? 0
      // The last event says the command's exit code.
      if (options.json && jobs.length > 1)
        await printJson(cli, { type: "end", exitCode, jobs: jobs.map(({ id }) => id) })
      return exitCode
    } catch (error) {
      if (!timedOut) throw withLostServer(error)
      await status.clear()
      await say(cli, "the jobs have not all ended in this time; they go on")
      return 124
    } finally {
      clearTimeout(timer)
      abort.abort()
      await status.clear()
    }
  },
})

async function waitFor(
  cli: Cli,
  job: JobView,
  signal: AbortSignal,
  status: StatusLine,
  json: boolean,
): Promise<JobView> {
  const watch = new JobWatch({
    client: cli.client,
    job,
    signal,
    patienceMs: PATIENCE_MS,
    onRetry: () => undefined,
    onChange: (view) => {
      if (!isFinal(view.state)) void status.show(`windfall: job ${view.id} ${standingText(view, cli.clock.now())}`)
    },
  })
  const running = watch.run()
  running.catch(() => undefined)
  await Promise.race([watch.until((view) => isFinal(view.state)), running])
  await status.clear()
  const waiting = watch.job.outputs?.state === "collecting" ? "" : (noteToldEnd(cli, watch.job) ?? "")
  const hints = await hintsFor(cli, watch.job)
  if (json) await printJson(cli, { type: "end", exitCode: jobExitCode(watch.job), hints, job: watch.job })
  else for (const line of [endText(watch.job) + waiting, ...hintLines(hints)]) await say(cli, line)
  return watch.job
}

/** A server that went away while waiting, or lets nobody in any more, is no bad input. */
function withLostServer(error: unknown): unknown {
  if (!(error instanceof WindfallError) || error.code !== "server_unreachable") {
    return orLoginLost(error, "wait for the jobs, which go on,")
  }
  return new WindfallError("link_lost", error.message, { hint: "The jobs go on. Wait again when the server is back." })
}
