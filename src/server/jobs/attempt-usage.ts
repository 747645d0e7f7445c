import type { AttemptUsage } from "../../protocol/job.ts"
import type { AttemptRecord } from "../../store/job-record.ts"
import type { Core } from "../core.ts"

interface Noted {
  readonly usage: AttemptUsage
  readonly cpuMs: number | null
  /** By the host's clock. */
  readonly lookedAt: number
}

/** Not stored: after a restart of the server the next look tells it anew. */
const NOTED = new WeakMap<AttemptRecord, Noted>()

/** What an agent's look found. `lookedAt` is by the host's clock, which is good enough for the time between two looks. */
export function noteUsage(
  core: Core,
  attempt: AttemptRecord,
  seen: { readonly memoryBytes: number; readonly processes: number; readonly cpuMs?: number },
  lookedAt: number,
): void {
  const before = NOTED.get(attempt)
  const cpuMs = seen.cpuMs ?? null
  const spanMs = before === undefined ? 0 : lookedAt - before.lookedAt
  // Less than before: a process that had some has ended, and took its time with it.
  const usedMs = cpuMs === null || before?.cpuMs == null ? -1 : cpuMs - before.cpuMs
  const cpuPercent = spanMs > 0 && usedMs >= 0 ? Math.round((usedMs / spanMs) * 100) : null
  const { memoryBytes, processes } = seen
  NOTED.set(attempt, { usage: { at: core.clock.now(), memoryBytes, processes, cpuPercent }, cpuMs, lookedAt })
}

/** The field of an attempt's view; none for one that does not run. */
export function usageOf(attempt: AttemptRecord): { readonly usage?: AttemptUsage } {
  const noted = attempt.state === "running" || attempt.state === "suspended" ? NOTED.get(attempt) : undefined
  return noted === undefined ? {} : { usage: noted.usage }
}
