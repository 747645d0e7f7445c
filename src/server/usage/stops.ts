import type { AttemptRecord } from "../../store/job-record.ts"
import type { Stop } from "../../store/usage.ts"

/**
 * The stops of an attempt as they are known now. Its host measured for how long it was stopped; when that was, the server saw, or not,
 * where the link was down: then it is put right before the moment at which it was told.
 * @param untilMs the end of the attempt, or now
 */
export function stopsOf(
  before: readonly Stop[],
  { suspended, suspendedMs }: Pick<AttemptRecord, "suspended" | "suspendedMs">,
  fromMs: number,
  untilMs: number,
): readonly Stop[] {
  const stops = [...before]
  const open = stops.at(-1)
  const isOpen = open !== undefined && open[1] === null
  if (isOpen && suspended === null) {
    const [sinceMs] = stops.pop()!
    const tookMs = Math.max(0, suspendedMs - lengthOf(stops))
    stops.push([sinceMs, Math.max(sinceMs, Math.min(sinceMs + tookMs, untilMs))])
  }
  if (isOpen && suspended !== null) return stops
  const unseenMs = suspendedMs - lengthOf(stops)
  const seenMs = stops.at(-1)?.[1] ?? fromMs
  const toldMs = suspended === null ? untilMs : Math.min(suspended.since, untilMs)
  if (unseenMs > 0 && toldMs > seenMs) stops.push([Math.max(seenMs, toldMs - unseenMs), toldMs])
  if (suspended !== null) stops.push([Math.max(suspended.since, stops.at(-1)?.[1] ?? fromMs), null])
  return stops
}

function lengthOf(stops: readonly Stop[]): number {
  return stops.reduce((sum, [fromMs, toMs]) => sum + (toMs ?? fromMs) - fromMs, 0)
}

/** The first moment of which two records of stops differ; `null`: they say the same. */
export function firstDifference(before: readonly Stop[], after: readonly Stop[]): number | null {
  for (let at = 0; at < Math.max(before.length, after.length); at++) {
    const [a, b] = [before[at], after[at]]
    if (a !== undefined && b !== undefined && a[0] === b[0] && a[1] === b[1]) continue
    if (a !== undefined && b !== undefined && a[0] === b[0]) {
      return Math.min(a[1] ?? Number.POSITIVE_INFINITY, b[1] ?? Number.POSITIVE_INFINITY)
    }
    return Math.min(a?.[0] ?? Number.POSITIVE_INFINITY, b?.[0] ?? Number.POSITIVE_INFINITY)
  }
  return null
}
