import { formatBytes } from "../../base/bytes.ts"
import { parseDuration } from "../../base/duration.ts"
import type { JobList } from "../../protocol/api.ts"
import { hostsText } from "../../protocol/attempt-members.ts"
import { WindfallError } from "../../protocol/errors.ts"
import type { JobView } from "../../protocol/job.ts"
import { isFinal, JOB_STATES, type JobState } from "../../protocol/job-state.ts"
import { readCount } from "../../protocol/job-values.ts"
import { DEFAULT_MEMORY_BYTES } from "../../protocol/resources.ts"
import type { Client } from "../client.ts"
import { command } from "../command-line/command.ts"
import { flag, list, notEmpty, value } from "../command-line/option.ts"
import { formatAge } from "../render/age.ts"
import { listedNumber, progressText } from "../render/array-text.ts"
import { commandText, latestAttempt } from "../render/job-text.ts"
import { printable, renderTable } from "../render/table.ts"
import { printJson } from "../say.ts"
import { waitsNow, withWaits } from "../waits-now.ts"

const UNFINISHED = JOB_STATES.filter((state) => !isFinal(state))
const DEFAULT_LIMIT = 50

export const ps = command({
  name: "ps",
  operands: "",
  about: "Lists jobs, newest first: your own that run or wait, unless you ask for others.",
  minimum: 0,
  maximum: 0,
  options: {
    all: flag("jobs that have ended too", { short: "a" }),
    user: value("NAME", "somebody else's, or all for everybody's", notEmpty, { short: "u" }),
    state: list("STATE", "only jobs in this state, for instance queued or failed", { short: "s" }),
    limit: value("N", `at most this many (default ${DEFAULT_LIMIT})`, (text) => readCount(text, 1, 10_000), {
      short: "n",
    }),
    array: value("JOB", "the tasks of this array, those that have ended too, and what of it waits", (text) =>
      readCount(text, 1, Number.MAX_SAFE_INTEGER),
    ),
    since: value("DURATION", "only jobs sent in this time, for instance 2d", parseDuration),
    json: flag("print the jobs as JSON, one a line"),
  },
  examples: [
    ["windfall ps", "what of yours runs or waits"],
    ["windfall ps --all --limit 10", "your last ten jobs"],
    ["windfall ps --user all", "the whole queue"],
  ],
  async run(cli, options) {
    const states = options.state.map(readState)
    const wanted =
      states.length > 0 ? states : options.all || options.array !== undefined ? [...JOB_STATES] : UNFINISHED
    const { jobs } = await cli.client.get<JobList>("/v1/jobs", {
      query: {
        user: options.user,
        state: wanted.length === JOB_STATES.length ? undefined : wanted.join(","),
        array: options.array,
        limit: options.limit ?? DEFAULT_LIMIT,
      },
    })
    const now = cli.clock.now()
    const waiting = options.array === undefined ? [] : await waitingOf(cli.client, options.array, wanted)
    const shown = [...waiting, ...jobs].filter(
      (job) => options.since === undefined || now - job.submittedAt <= options.since,
    )
    if (options.json) {
      for (const job of shown) await printJson(cli, job)
      return 0
    }
    if (shown.length === 0) {
      const whose = options.user === undefined ? " of yours" : options.user === "all" ? "" : ` of ${options.user}`
      const more = `${options.user === undefined ? "Everybody's: windfall ps -u all   " : ""}Ended ones: windfall ps --all`
      await cli.stdout.write(
        options.all || states.length > 0 ? "No jobs.\n" : `No job${printable(whose)} runs or waits. ${more}\n`,
      )
      return 0
    }
    const waits = await waitsNow(cli.client, shown)
    const told = shown.map((job) => withWaits(job, waits.get(job.id)))
    await cli.stdout.write(jobTable(told, now, cli.stdout.isTerminal ? cli.stdout.columns : undefined))
    return 0
  },
})

/** The array itself, which stands for all of its tasks that have not begun; nothing once it has ended. */
async function waitingOf(client: Client, array: number, wanted: readonly JobState[]): Promise<readonly JobView[]> {
  const job = await client.get<JobView>(`/v1/jobs/${array}`)
  return job.array !== undefined && !isFinal(job.state) && wanted.includes(job.state) ? [job] : []
}

/** States in which a reason says more than the state. */
const TELLING: ReadonlySet<JobState> = new Set(["queued", "starting", "running", "suspended"])

function readState(text: string): JobState {
  const state = text.toLowerCase().replace("-", "_")
  if ((JOB_STATES as readonly string[]).includes(state)) return state as JobState
  throw new WindfallError(
    "invalid_input",
    `Cannot list jobs in the state ${JSON.stringify(text)}: there is no such state`,
    {
      hint: `One of: ${JOB_STATES.join(", ")}`,
    },
  )
}

/** Jobs as a table; who sent them only where that is not always the same. */
export function jobTable(jobs: readonly JobView[], now: number, width: number | undefined): string {
  const users = new Set(jobs.map((job) => job.user)).size > 1
  const columns = [
    { title: "JOB", right: true },
    { title: "NAME" },
    ...(users ? [{ title: "USER" }] : []),
    { title: "STATE" },
    { title: "HOST" },
    { title: "TIME", right: true },
    { title: "MEMORY", right: true },
    { title: "COMMAND" },
  ]
  const rows = jobs.map((job) => {
    return [
      listedNumber(job),
      job.spec.name ?? "-",
      ...(users ? [job.user] : []),
      stateText(job),
      job.state === "queued" ? "-" : (hostsText(job) ?? "-"),
      timeText(job, now),
      formatBytes(job.spec.resources.memoryBytes ?? DEFAULT_MEMORY_BYTES),
      job.array !== undefined
        ? `${commandText(job.spec.command)}  (${progressText(job.array)})`
        : TELLING.has(job.state) && job.reason !== null
          ? `${commandText(job.spec.command)}  (${job.reason})`
          : commandText(job.spec.command),
    ]
  })
  return renderTable(columns, rows, width)
}

function stateText(job: JobView): string {
  if (job.state === "queued" && job.place !== null) return `queued ${job.place}`
  if (!isFinal(job.state) && job.state !== "queued" && latestAttempt(job)?.outOfContactSince != null) return "silent"
  if (job.state === "failed" && job.cause === "exited") return `failed ${job.exitCode ?? ""}`.trim()
  return job.state
}

function timeText(job: JobView, now: number): string {
  const from = job.startedAt ?? job.submittedAt
  return formatAge((job.endedAt ?? now) - from)
}
