import { type Hours, isOpen, nextChange } from "../../presence/hours.ts"
import { mindsPresence, openHours } from "../../presence/owner-policy.ts"
import type { Closed } from "../../scheduler/calendar/plan-request.ts"
import { expectedPresence } from "../../scheduler/forecast/expected-presence.ts"
import { USUAL_AHEAD_MS, type WeeklyPresence } from "../../scheduler/forecast/weekly-presence.ts"
import type { FleetHost } from "../fleet/fleet-host.ts"

const HOUR_MS = 3_600_000

interface Reckoned {
  readonly fromMs: number
  readonly windowMs: number
  readonly week: WeeklyPresence | null
  readonly policy: FleetHost["policy"]
  readonly timeZone: string
  readonly times: readonly Closed[]
}

/** A pass asks for each host, and what it is told holds for an hour. */
const RECKONED = new WeakMap<FleetHost, Reckoned>()

/**
 * When no start is planned on a host, from the hour of `nowMs` to the end of what is planned, or for a week, in order of time: people are usually there then, or it
 * is outside the hours that its owner gives.
 * @param week what was learned of it
 */
export function takenTimes(
  host: FleetHost,
  week: WeeklyPresence | null,
  nowMs: number,
  windowMs: number,
): readonly Closed[] {
  const fromMs = Math.floor(nowMs / HOUR_MS) * HOUR_MS
  const { policy } = host
  const timeZone = zoneOf(host)
  const known = RECKONED.get(host)
  if (
    known?.fromMs === fromMs &&
    known.windowMs === windowMs &&
    known.week === week &&
    known.policy === policy &&
    known.timeZone === timeZone
  ) {
    return known.times
  }
  const toMs = fromMs + HOUR_MS + Math.max(windowMs, USUAL_AHEAD_MS)
  const usual = week === null || !mindsPresence(policy.values) ? [] : expectedPresence(week, timeZone, fromMs, toMs)
  const closed = closedTimes(openHours(policy.values), policy.values.timeZone ?? timeZone, fromMs, toMs)
  const times = joined([...usual, ...closed])
  RECKONED.set(host, { fromMs, windowMs, week, policy, timeZone, times })
  return times
}

/** By the clock on whose wall its owner's week is. */
export function zoneOf({ record: { facts } }: FleetHost): string {
  return facts?.timeZone ?? "UTC"
}

/** When hours keep jobs off. */
function closedTimes(hours: Hours, timeZone: string, fromMs: number, toMs: number): readonly Closed[] {
  const times: Closed[] = []
  for (let startMs: number | null = fromMs; startMs !== null && startMs < toMs; ) {
    const endMs: number | null = nextChange(hours, timeZone, startMs)
    if (!isOpen(hours, timeZone, startMs)) times.push({ startMs, endMs: endMs ?? toMs })
    startMs = endMs
  }
  return times
}

/** In order, those that touch as one. */
function joined(times: readonly Closed[]): readonly Closed[] {
  const all: Closed[] = []
  for (const { startMs, endMs } of [...times].sort((a, b) => a.startMs - b.startMs)) {
    const last = all.at(-1)
    if (last === undefined || last.endMs < startMs) all.push({ startMs, endMs })
    else all[all.length - 1] = { startMs: last.startMs, endMs: Math.max(last.endMs, endMs) }
  }
  return all
}
