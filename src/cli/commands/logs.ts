import { parseDuration } from "../../base/duration.ts"
import { attemptCount } from "../../protocol/attempt-members.ts"
import { WindfallError } from "../../protocol/errors.ts"
import { MOST_GANG_HOSTS } from "../../protocol/gang.ts"
import type { JobView } from "../../protocol/job.ts"
import type { ArrayView } from "../../protocol/job-array.ts"
import { isFinal } from "../../protocol/job-state.ts"
import { readCount } from "../../protocol/job-values.ts"
import { command } from "../command-line/command.ts"
import { flag, value } from "../command-line/option.ts"
import { findJob } from "../find-job.ts"
import { GapTeller } from "../follow/gap-teller.ts"
import { type LogRequest, type LogSink, readLog } from "../follow/log-reader.ts"
import { orLoginLost } from "../follow/login-lost.ts"
import { readRanks } from "../follow/read-ranks.ts"
import { jobTitle } from "../render/job-text.ts"
import { say } from "../say.ts"

/** How long `logs -f` waits for its server to come back. */
const PATIENCE_MS = 60_000

export const logs = command({
  name: "logs",
  operands: "JOB",
  about:
    "Prints what a job printed, byte by byte: its stdout on stdout, its stderr on stderr, in order of arrival. Of the last attempt, unless you name one. Logs stay when the host is gone.",
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
    ["windfall logs 12 --stdout > result.csv", "exactly the bytes the job wrote"],
  ],
  async run(cli, options, [typed = ""]) {
    if (options.stdout && options.stderr) {
      throw new WindfallError("invalid_input", "Cannot print only stdout and only stderr: leave both away for both", {
        hint: `Both, each where it belongs: windfall logs ${typed}`,
      })
    }
    const job = await findJob(cli, typed)
    if (job.array !== undefined) throw whichTask(job, job.array)
    const attempt = options.attempt ?? Math.max(1, attemptCount(job))
    if (options.attempt !== undefined && options.attempt > attemptCount(job) && !options.follow) {
      throw new WindfallError(
        "invalid_input",
        `Cannot print attempt ${attempt} of job ${job.id}: it has had ${attemptCount(job)}`,
        {
          hint: `See its attempts: windfall show ${job.id}   wait for this one: windfall logs -f ${job.id} --attempt ${attempt}`,
        },
      )
    }
    if (attemptCount(job) === 0 && !options.follow) {
      await say(cli, `${jobTitle(job)} has printed nothing: it ${isFinal(job.state) ? "never ran" : "has not started"}`)
      return 0
    }
    const abort = new AbortController()
    const only = options.stdout ? "stdout" : options.stderr ? "stderr" : null
    const gaps = new GapTeller(cli.clock, (text) => say(cli, text))
    const sink: LogSink = {
      async output(stream, bytes) {
        if (only !== null && stream !== only) return
        await gaps.tellIfDue()
        await (stream === "stdout" || only !== null ? cli.stdout : cli.jobStderr).write(bytes)
        if (cli.stdout.closed) abort.abort()
      },
      async gap(gap) {
        if (only === null || gap.stream === only) await gaps.note(gap)
      },
      end: () => gaps.tell(),
    }
    const since = options.since === undefined ? undefined : cli.clock.now() - options.since
    const request: LogRequest = {
      client: cli.client,
      job: job.id,
      attempt,
      rank: options.rank,
      follow: options.follow,
      since,
      tail: options.tail,
      tailOf: only ?? undefined,
      signal: abort.signal,
      patienceMs: PATIENCE_MS,
    }
    try {
      if (job.spec.gang === undefined || options.rank !== undefined)
        await readLog(request, { stdout: 0, stderr: 0 }, sink)
      else await readRanks(request, job.spec.gang.hosts, sink)
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

/** What tasks print is kept apart. */
function whichTask({ id }: JobView, { first, failures }: ArrayView): WindfallError {
  const task = failures.find(({ cause }) => cause !== "dependency_failed")?.index ?? first
  return new WindfallError("invalid_input", `Cannot print the log of job ${id}: each task of an array has its own`, {
    hint: `For instance: windfall logs ${id}_${task}`,
  })
}
