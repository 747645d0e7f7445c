import type { StopRequest } from "../../protocol/api.ts"
import { WindfallError } from "../../protocol/errors.ts"
import type { JobView } from "../../protocol/job.ts"
import { JOB_FIELDS } from "../../protocol/job-fields.ts"
import { isFinal } from "../../protocol/job-state.ts"
import { readDuration, readSignal, STOP_SIGNALS } from "../../protocol/job-values.ts"
import { command } from "../command-line/command.ts"
import { flag, value } from "../command-line/option.ts"
import { findTarget } from "../find-job.ts"
import { jobTitle, stoppedText, verdictText } from "../render/job-text.ts"
import { printJson, say, sayError } from "../say.ts"

export const stop = command({
  name: "stop",
  operands: "JOB...",
  about:
    "Stops jobs: each gets its stop signal, and SIGKILL when its grace is over. Asked a second time, or with --now, it is killed at once. The whole process tree goes. A job whose command has ended keeps its verdict; what has not come of its files and output is given up.",
  minimum: 1,
  maximum: 1000,
  options: {
    now: flag("SIGKILL at once"),
    signal: value("SIGNAL", "the signal to send instead of the job's own", readSignal, { short: "s" }),
    grace: value("DURATION", "time until SIGKILL instead of the job's own, at most 1d", readGrace),
    json: flag("print the jobs as JSON, one a line"),
  },
  examples: [
    ["windfall stop 12", "stop job 12 kindly"],
    ["windfall stop 12 13 train --now", "kill three jobs"],
    ["windfall stop '17_[3-9,12]'", "eight tasks of an array; 17_5 is one, 17 all"],
  ],
  elsewhere: killLine,
  async run(cli, options, typed) {
    if (options.now && (options.signal !== undefined || options.grace !== undefined)) {
      throw new WindfallError("invalid_input", "Cannot stop with --now and --signal or --grace: --now kills at once", {
        hint: "Leave --now out to give it time: windfall stop JOB --signal INT --grace 1m",
      })
    }
    const targets = await Promise.all(typed.map((one) => findTarget(cli, one)))
    const request: StopRequest = {
      now: options.now,
      ...(options.signal === undefined ? {} : { signal: options.signal }),
      ...(options.grace === undefined ? {} : { graceMs: options.grace }),
    }
    let exitCode = 0
    for (const { job, path, tasks } of targets) {
      if (isFinal(job.state)) {
        if (options.json) await printJson(cli, job)
        await say(cli, `${jobTitle(job)} has ended already: it ${verdictText(job)}`)
        continue
      }
      try {
        const view = await cli.client.post<JobView>(`/v1/jobs/${path}/stop`, request)
        if (options.json) await printJson(cli, view)
        else {
          const part = tasks === null ? "" : `tasks ${tasks}: stopped, or stopping where they run; `
          await cli.stdout.write(`${part}${jobTitle(view)}: ${stoppedText(view, cli.clock.now())}\n`)
        }
      } catch (error) {
        // One job that may not be stopped must not keep the others running.
        if (!(error instanceof WindfallError) || isServerGone(error)) throw error
        exitCode = error.exitCode
        await sayError(cli, error)
      }
    }
    return exitCode
  },
})

function readGrace(text: string): number {
  return readDuration(text, JOB_FIELDS.grace.minimum, JOB_FIELDS.grace.maximum)
}

const NUMBERS: Readonly<Record<string, string>> = { 1: "HUP", 2: "INT", 3: "QUIT", 9: "KILL", 15: "TERM" }

/** `kill -9 5` and its kin, as people's fingers know them. */
function killLine([first = "", ...rest]: readonly string[]): string | undefined {
  const typed = /^-(\d+|[A-Z][A-Z0-9]+)$/.exec(first)?.[1]
  if (typed === undefined) return undefined
  const name = (NUMBERS[typed] ?? typed).replace(/^SIG/, "")
  if (!STOP_SIGNALS.some((signal) => signal === `SIG${name}`)) return undefined
  return `windfall stop ${name === "KILL" ? "--now" : `--signal ${name}`} ${rest.length === 0 ? "JOB" : rest.join(" ")}`
}

function isServerGone({ code }: WindfallError): boolean {
  return code === "server_unreachable" || code === "link_lost"
}
