import { parseDuration } from "../../base/duration.ts"
import { attemptCount } from "../../protocol/attempt-members.ts"
import { WindfallError } from "../../protocol/errors.ts"
import type { OutputStream } from "../../protocol/frames.ts"
import { MOST_GANG_HOSTS } from "../../protocol/gang.ts"
import type { JobView } from "../../protocol/job.ts"
import { isFinal } from "../../protocol/job-state.ts"
import { readCount } from "../../protocol/job-values.ts"
import type { Cli } from "../cli.ts"
import { command } from "../command-line/command.ts"
import { flag, value } from "../command-line/option.ts"
import { findJob } from "../find-job.ts"
import { GapTeller } from "../follow/gap-teller.ts"
import { SERVER_PATIENCE_MS } from "../follow/link-failure.ts"
import { type LogRequest, type LogSink, readLog } from "../follow/log-reader.ts"
import { orLoginLost } from "../follow/login-lost.ts"
import { readRanks } from "../follow/read-ranks.ts"
import type { TasksRequest } from "../follow/read-tasks.ts"
import { outputsFor } from "../render/clean-output.ts"
import { jobTitle } from "../render/job-text.ts"
import { say } from "../say.ts"

export const logs = command({
  name: "logs",
  operands: "JOB",
  about:
    "Prints what a job printed, byte by byte: its stdout on stdout, its stderr on stderr, in order of arrival; of a hive's job control characters are shown as what they are. Of the last attempt, unless you name one; of an array what each task printed, line by line with its index before it. Logs stay when the host is gone.",
  minimum: 1,
  maximum: 1,
  options: {
    follow: flag("go on as the job prints, until it ends", { short: "f" }),
    since: value("DURATION", "only what was printed in this time, for instance 10m", parseDuration),
    tail: value("N", "only the last N lines", (text) => readCount(text, 0, 10_000_000), { short: "n" }),
    stdout: flag("only the job's stdout"),
    stderr: flag("only the job's stderr, on stdout"),
    attempt: value("N", "of attempt N, from 1", (text) => readCount(text, 1, 1_000_000)),
    rank: value(
      "N",
      "of a job on several hosts: only what rank N printed, byte for byte (default: all, line by line)",
      (text) => readCount(text, 0, MOST_GANG_HOSTS - 1),
    ),
  },
  examples: [
    ["windfall logs -f train", "watch without being attached: Ctrl-C ends the watching, not the job"],
    ["windfall logs -f 17", "of an array: what its tasks print, as they begin; of one task alone: windfall logs 17_5"],
    ["windfall logs 12 --stdout > result.csv", "exactly the bytes the job wrote"],
  ],
  async run(cli, options, [typed = ""]) {
    if (options.stdout && options.stderr) {
      throw new WindfallError("invalid_input", "Cannot print only stdout and only stderr: leave both away for both", {
        hint: `Both, each where it belongs: windfall logs ${typed}`,
      })
    }
    const job = await findJob(cli, typed)
    const to = outputsFor(cli, job)
    const abort = new AbortController()
    const only: OutputStream | null = options.stdout ? "stdout" : options.stderr ? "stderr" : null
    const gaps = new GapTeller(cli.clock, (text) => say(cli, text))
    const sink: LogSink = {
      async output(stream, bytes) {
        if (only !== null && stream !== only) return
        await gaps.tellIfDue()
        await (stream === "stdout" || only !== null ? to.stdout : to.jobStderr).write(bytes)
        if (cli.stdout.closed) abort.abort()
      },
      async gap(gap) {
        if (only === null || gap.stream === only) await gaps.note(gap)
      },
      end: () => gaps.tell(),
    }
    const isArray = job.array !== undefined
    const attempt = options.attempt ?? Math.max(1, attemptCount(job))
    if (!isArray && !options.follow && attemptCount(job) < attempt) {
      return saysNothing(cli, job, options.attempt)
    }
    const since = options.since === undefined ? undefined : cli.clock.now() - options.since
    const request = {
      client: cli.client,
      rank: options.rank,
      follow: options.follow,
      since,
      tail: options.tail,
      tailOf: only ?? undefined,
      signal: abort.signal,
      patienceMs: SERVER_PATIENCE_MS,
    }
    const ofAttempt: LogRequest = { ...request, job: job.id, attempt }
    try {
      if (isArray) return await printTasks(cli, { ...request, array: job, attempt: options.attempt }, sink)
      if (job.spec.gang === undefined || options.rank !== undefined)
        await readLog(ofAttempt, { stdout: 0, stderr: 0 }, sink)
      else await readRanks(ofAttempt, job.spec.gang.hosts, sink)
    } catch (error) {
      if (!abort.signal.aborted) throw orLoginLost(error, `read the log of job ${job.id}`)
      // As cat ends when nobody reads any more.
      return 141
    }
    const { attempts } = options.follow ? await findJob(cli, String(job.id)) : job
    if (attempts.find(({ number }) => number === attempt)?.logEnd === "unknown") {
      await say(
        cli,
        "its end may be missing: contact was lost, or given up, before its host had told how much there is",
      )
    }
    return 0
  },
})

/** There is no such attempt yet. */
async function saysNothing(cli: Cli, job: JobView, asked: number | undefined): Promise<number> {
  const count = attemptCount(job)
  if (asked !== undefined) {
    throw new WindfallError("invalid_input", `Cannot print attempt ${asked} of job ${job.id}: it has had ${count}`, {
      hint: `See its attempts: windfall show ${job.id}   wait for this one: windfall logs -f ${job.id} --attempt ${asked}`,
    })
  }
  await say(cli, `${jobTitle(job)} has printed nothing: it ${isFinal(job.state) ? "never ran" : "has not started"}`)
  return 0
}

async function printTasks(cli: Cli, request: Omit<TasksRequest, "clock" | "say">, sink: LogSink): Promise<number> {
  const { readTasks } = await import("../follow/read-tasks.ts")
  const count = await readTasks({ ...request, clock: cli.clock, say: (text) => say(cli, text) }, sink)
  const { attempt, array } = request
  if (count > 0) return 0
  const none = attempt === undefined ? "has begun" : `has had ${attempt} attempt${attempt === 1 ? "" : "s"}`
  await say(cli, `${jobTitle(array)}: none of its tasks ${none}`)
  return 0
}
