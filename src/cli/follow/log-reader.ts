import type { LogGap } from "../../protocol/api.ts"
import { WindfallError } from "../../protocol/errors.ts"
import { FrameReader, type OutputStream } from "../../protocol/frames.ts"
import type { JobView } from "../../protocol/job.ts"
import type { Client } from "../client.ts"
import { isLinkFailure } from "./link-failure.ts"

/** Where output goes. Each call is awaited, so a slow reader slows the server down to its pace. */
export interface LogSink {
  output(stream: OutputStream, bytes: Uint8Array, offset: number): Promise<void>
  /** Bytes that were not kept, all that lie side by side in one. */
  gap(gap: LogGap["gap"]): Promise<void>
  /** No more comes for now. */
  end(): Promise<void>
}

export interface LogRequest {
  readonly client: Client
  readonly job: JobView["id"]
  readonly attempt: number
  /** Which member of an attempt on several hosts. */
  readonly rank?: number | undefined
  readonly follow: boolean
  readonly since?: number | undefined
  /** Lines. */
  readonly tail?: number | undefined
  /** Counts the lines of `tail` in this stream alone. */
  readonly tailOf?: OutputStream | undefined
  readonly signal: AbortSignal
  readonly patienceMs?: number | undefined
  readonly onRetry?: (() => void) | undefined
}

/** Bytes of each stream that have been handed on, gaps that were told included. */
export interface LogPosition {
  stdout: number
  stderr: number
}

/** Whether there is no such attempt: the job ended before it came. */
function isNoAttempt(error: unknown): boolean {
  return error instanceof WindfallError && error.code === "file_not_found"
}

/**
 * As {@link readLog} for one who follows a job: that its log is not kept any more is said, and no reason not to go on to how
 * the job ended. Returns whether there was a log.
 */
export async function readLogIfKept(
  request: LogRequest,
  position: LogPosition,
  sink: LogSink,
  say: (text: string) => Promise<void>,
): Promise<boolean> {
  try {
    await readLog(request, position, sink)
    return true
  } catch (error) {
    if (!(error instanceof WindfallError) || error.code !== "wrong_state") throw error
    await say(error.message)
    return false
  }
}

/**
 * Reads an attempt's output from `position` on, each byte once, asking again for the rest when the connection breaks.
 * Ends when the server has no more to come.
 */
export async function readLog(request: LogRequest, position: LogPosition, sink: LogSink): Promise<void> {
  const { client, signal, patienceMs, onRetry } = request
  let first = position.stdout === 0 && position.stderr === 0
  for (;;) {
    let body: AsyncIterable<Uint8Array>
    try {
      body = await client.open("GET", `/v1/jobs/${request.job}/logs`, {
        query: {
          attempt: request.attempt,
          rank: request.rank,
          follow: request.follow,
          fromStdout: first ? undefined : position.stdout,
          fromStderr: first ? undefined : position.stderr,
          since: first ? request.since : undefined,
          tail: first ? request.tail : undefined,
          tailOf: first && request.tail !== undefined ? request.tailOf : undefined,
        },
        signal,
        patienceMs,
        onRetry,
      })
    } catch (error) {
      if (request.follow && isNoAttempt(error)) return
      throw error
    }
    // What `since` and `tail` left out must not come when asked again: the first frame says where it began.
    const narrowed = first && (request.since !== undefined || request.tail !== undefined)
    const started = { stdout: !narrowed, stderr: !narrowed }
    // Gaps side by side are told as one. Until it is told the position stays: after a break it comes again.
    const gapTo: LogPosition = { stdout: 0, stderr: 0 }
    const passGap = async (stream: OutputStream, to: number): Promise<void> => {
      if (to <= position[stream]) return
      await sink.gap({ stream, from: position[stream], to })
      position[stream] = to
    }
    try {
      const reader = new FrameReader()
      for await (const chunk of body) {
        for (const frame of reader.read(chunk)) {
          if (frame.kind === "json") {
            const { gap } = frame.message as Partial<LogGap>
            if (gap === undefined) continue
            if (!started[gap.stream]) position[gap.stream] = gap.from
            started[gap.stream] = true
            gapTo[gap.stream] = gap.to
            continue
          }
          const { stream, offset, bytes } = frame.output
          if (!started[stream]) position[stream] = offset
          started[stream] = true
          await passGap(stream, offset)
          const known = position[stream] - offset
          if (known >= bytes.length) continue
          await sink.output(stream, known > 0 ? bytes.subarray(known) : bytes, position[stream])
          position[stream] = offset + bytes.length
        }
      }
      for (const stream of ["stdout", "stderr"] as const) await passGap(stream, gapTo[stream])
      await sink.end()
      return
    } catch (error) {
      signal.throwIfAborted()
      if (!isLinkFailure(error)) throw error
      first = position.stdout === 0 && position.stderr === 0
      onRetry?.()
    }
  }
}
