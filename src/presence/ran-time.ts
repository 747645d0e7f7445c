/** From when to when an attempt's tree was stopped; `null`: it still is. Any one clock, all on the same. */
export interface SuspendedSpan {
  readonly fromMs: number
  readonly toMs: number | null
}

/**
 * How long an attempt has run up to `nowMs`: all time since its start but what it was suspended for. Time limits and the use of a
 * GPU count this. Spans may overlap and come in any order.
 */
export function ranMs(startedMs: number, nowMs: number, spans: readonly SuspendedSpan[]): number {
  return Math.max(0, nowMs - startedMs) - suspendedMs(startedMs, nowMs, spans)
}

/** How much of the time between two moments an attempt was suspended. */
export function suspendedMs(fromMs: number, toMs: number, spans: readonly SuspendedSpan[]): number {
  let countedUpTo = fromMs
  let totalMs = 0
  for (const span of spans.toSorted((a, b) => a.fromMs - b.fromMs)) {
    const start = Math.max(span.fromMs, countedUpTo)
    const end = Math.min(span.toMs ?? toMs, toMs)
    if (end <= start) continue
    totalMs += end - start
    countedUpTo = end
  }
  return totalMs
}

/** Within this after being continued, a GPU job that fails has not survived the pause itself. */
export const RESUME_FAILED_WITHIN_MS = 10_000

/** Whether an attempt's failure is to end as `resume_failed`, which has its job queued once more. */
export function isResumeFailure(ended: {
  readonly usesGpu: boolean
  readonly failed: boolean
  readonly endedMs: number
  /** `null`: it was never suspended. */
  readonly continuedMs: number | null
  /** The job was queued again for this before. */
  readonly hadItBefore: boolean
}): boolean {
  const { usesGpu, failed, endedMs, continuedMs, hadItBefore } = ended
  if (!usesGpu || !failed || hadItBefore || continuedMs === null) return false
  return endedMs >= continuedMs && endedMs - continuedMs <= RESUME_FAILED_WITHIN_MS
}
