import { formatDuration } from "../../base/duration.ts"
import { WindfallError } from "../../protocol/errors.ts"
import { FRAME_JSON, FRAME_OUTPUT, MAX_FRAME_BYTES, type OutputStream } from "../../protocol/frames.ts"
import { hostsOf } from "../../protocol/gang.ts"
import { isFinal } from "../../protocol/job-state.ts"
import type { AttemptRecord, JobRecord } from "../../store/job-record.ts"
import type { Core } from "../core.ts"
import { Feed } from "../feed.ts"
import { attemptCount, latestOf } from "../gang/members.ts"
import type { AttemptLog } from "../logs/attempt-log.ts"
import { type Positions, readFrames, readRaw } from "../logs/read-log.ts"
import { positionsOfTail, positionsSince } from "../logs/start-positions.ts"
import { readByteRange } from "./byte-range.ts"
import { findOwnJob } from "./job-routes.ts"
import { type Route, route } from "./route.ts"
import { logsQuery } from "./schemas.ts"
import { type StreamedRequest, streamed } from "./stream.ts"

const LOGS = `With stream=stdout or stderr the body is that stream's bytes. \`Range: bytes=\` is answered with 206, or with 416 where the first of \
these bytes is not there or not kept. A Range that is malformed, or names several ranges, is ignored: 200, with all there is. windfall-stream-bytes says how long the stream is, and windfall-kept which ranges of it are kept, where that is not all.

With stream=all, the default, it is a run of frames, in order of arrival. Integers are big-endian. A frame is a u32 length of what follows it, \
a byte for its kind, then its payload. Kind ${FRAME_OUTPUT}, output: attempt number u32, stream u8 (1 stdout, 2 stderr), u48 offset of \
the first byte in that stream, then the bytes. Kind ${FRAME_JSON}: JSON, a LogGap, where bytes were not kept. \
No frame is longer than ${MAX_FRAME_BYTES} bytes; kinds not named here are to be passed over.

With follow=true the body stays open until the output is complete or the attempt was given up, and waits for an attempt that is yet to come. A connection that breaks off \
before, as when the token is no longer good, is no end: ask again from where you are (fromStdout, fromStderr, from).`

export const logRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/v1/jobs/:id/logs",
    summary:
      "The output of an attempt: one stream as raw bytes (Range is honoured), or both as frames in order of arrival",
    description: LOGS,
    query: logsQuery,
    produces: "application/octet-stream",
    respond: async (request) => {
      const { core, caller, params, query, headers } = request
      const job = findOwnJob(core, params.id, caller, "read the logs of")
      if (query.attempt !== undefined && query.attempt > attemptCount(job) && (!query.follow || isFinal(job.state))) {
        throw new WindfallError(
          "file_not_found",
          `Cannot read the logs: job ${job.id} has no attempt ${query.attempt}`,
          {
            hint: `It has had ${attemptCount(job)}: windfall show ${job.id}`,
          },
        )
      }
      if (query.rank !== undefined && query.rank >= hostsOf(job.spec)) {
        throw new WindfallError("file_not_found", `Cannot read the logs: job ${job.id} has no rank ${query.rank}`, {
          hint: `It runs on ${hostsOf(job.spec)}: windfall show ${job.id}`,
        })
      }
      const { stream } = query
      const there = attemptOf(job, query.attempt, query.rank)
      if (there !== undefined) requireKept(core, job, there)
      if (stream !== "all") {
        const range = headers.get("range")
        const part = range === null || query.follow ? null : rangeOf(request, there, stream, range)
        if (part !== null) return part
      }
      const lengths: Record<string, string> = {}
      if (there !== undefined && stream !== "all") {
        const { end, ranges } = logOf(core, there).extent(stream)
        lengths["windfall-stream-bytes"] = String(end)
        const kept = ranges.map(({ from, to }) => `${from}-${to}`)
        if (kept.length !== 1 || kept[0] !== `0-${end}`) lengths["windfall-kept"] = kept.join(",")
      }
      return streamed(
        request,
        async function* (gone) {
          const attempt = query.follow ? await comingAttempt(core, job, query.attempt, query.rank, gone) : there
          if (attempt === undefined) return
          const log = logOf(core, attempt)
          const start = await startOf(log, query)
          // What was given up may still come when its host is back: nobody is kept waiting for that.
          const follow = query.follow && !attempt.fenced
          if (stream === "all") yield* readFrames(log, { sequence: attempt.number, from: start, follow, signal: gone })
          else yield* readRaw(log, stream, { from: query.from ?? start[stream], to: null, follow, signal: gone })
        },
        { headers: { "content-type": "application/octet-stream", "cache-control": "no-store", ...lengths } },
      )
    },
  }),
]

type LogsQuery = {
  readonly stream: OutputStream | "all"
  readonly fromStdout?: number | undefined
  readonly fromStderr?: number | undefined
  readonly since?: number | undefined
  readonly tail?: number | undefined
  readonly tailOf?: OutputStream | undefined
}

/** The later of all the places the caller named. */
async function startOf(log: AttemptLog, query: LogsQuery): Promise<Positions> {
  const start: Positions = { stdout: query.fromStdout ?? 0, stderr: query.fromStderr ?? 0 }
  const raise = (least: Positions) => {
    start.stdout = Math.max(start.stdout, least.stdout)
    start.stderr = Math.max(start.stderr, least.stderr)
  }
  if (query.since !== undefined) raise(positionsSince(log, query.since))
  if (query.tail !== undefined) {
    const of = query.stream === "all" ? query.tailOf : query.stream
    raise(await positionsOfTail(log, query.tail, of === undefined ? undefined : [of]))
  }
  return start
}

/** @throws {WindfallError} wrong_state when the log has been removed, as it was kept long enough */
function requireKept(core: Core, job: JobRecord, attempt: AttemptRecord): void {
  if (!isFinal(job.state) || !attempt.logComplete || core.logs.has(job.id, attempt.number, attempt.member?.rank)) return
  const { startedAt, endedAt, stdoutBytes, stderrBytes } = attempt
  // Nothing was ever written for one that printed nothing; how much one printed that was lost with its host, nobody knows.
  const isOld = (endedAt ?? 0) < core.clock.now() - core.limits.keepLogsMs
  const printed =
    stdoutBytes === null || stderrBytes === null ? startedAt !== null && isOld : stdoutBytes + stderrBytes > 0
  if (!printed) return
  throw new WindfallError(
    "wrong_state",
    `Cannot read the log of job ${job.id}: it is not kept any more. Logs stay for ${formatDuration(core.limits.keepLogsMs)} after a job's end`,
  )
}

function logOf(core: Core, attempt: AttemptRecord): AttemptLog {
  return core.logs.read(attempt.job, attempt.number, attempt.logComplete, attempt.member?.rank)
}

/** Of an attempt on several hosts the main member, unless a rank is named. */
function attemptOf(job: JobRecord, number: number | undefined, rank = 0): AttemptRecord | undefined {
  const attempts = number === undefined ? latestOf(job) : job.attempts.filter((each) => each.number === number)
  return attempts.find(({ member }) => (member?.rank ?? 0) === rank)
}

/** Waits for the attempt to begin; `undefined` when the job ends without it. */
async function comingAttempt(
  core: Core,
  job: JobRecord,
  number: number | undefined,
  rank: number | undefined,
  signal: AbortSignal,
): Promise<AttemptRecord | undefined> {
  using feed = new Feed((onNews) => core.followers.onJob(job.id, onNews), signal)
  for (;;) {
    const now = core.table.get(job.id)
    const attempt = attemptOf(now, number, rank)
    if (attempt !== undefined || isFinal(now.state) || signal.aborted) return attempt
    await feed.next()
  }
}

/** `null` where the header is to be ignored. */
function rangeOf(
  request: StreamedRequest,
  attempt: AttemptRecord | undefined,
  stream: OutputStream,
  header: string,
): Response | null {
  const { core } = request
  const { ranges, end } = attempt === undefined ? { ranges: [], end: 0 } : logOf(core, attempt).extent(stream)
  const asked = readByteRange(header, end)
  if (asked === null) return null
  const { from } = asked
  const kept = ranges.find((range) => range.from <= from && from < range.to)
  if (attempt === undefined || kept === undefined) {
    const headers = { "content-range": `bytes */${end}`, "content-type": "application/json" }
    const error = new WindfallError(
      "file_not_found",
      `Cannot read bytes from ${from} of ${stream}: ${from < end ? "they are not kept" : `it has ${end}`}`,
      {
        details: { end, kept: ranges },
      },
    )
    return new Response(JSON.stringify(error.toBody()), { status: 416, headers })
  }
  const to = Math.min(kept.to, asked.to ?? kept.to)
  return streamed(request, (gone) => readRaw(logOf(core, attempt), stream, { from, to, follow: false, signal: gone }), {
    status: 206,
    headers: {
      "content-type": "application/octet-stream",
      "content-range": `bytes ${from}-${to - 1}/${end}`,
      "content-length": String(to - from),
    },
  })
}
