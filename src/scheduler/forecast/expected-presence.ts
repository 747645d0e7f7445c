import type { Closed } from "../calendar/plan-request.ts"
import { hoursOf, type WeekHour, type WeeklyPresence } from "./weekly-presence.ts"

/** From this chance on an owner is expected. */
const EXPECTED_FROM = 0.5
/** What an hour of the week of which nothing is known counts like: half an hour there and half an hour not. */
const PRIOR_HOURS = 1
/** Looked at for less than this in all, an hour of the week says nothing: once may be chance. */
const LEAST_SEEN_HOURS = 1.5

/** A time in which an owner is expected at the Mac. */
export interface ExpectedPresence extends Closed {
  /** 0 to 1: how likely it is that the owner is there at its likeliest hour; from few weeks it is never near to 1. */
  readonly confidence: number
}

/**
 * When the owner is expected between these moments, in order of time; neighbouring hours are one. Nothing is expected of hours that were hardly ever looked
 * at: then plans are made as if nobody came, and the host's own rules hold.
 */
export function expectedPresence(
  { seenHours, hereHours }: Pick<WeeklyPresence, "seenHours" | "hereHours">,
  timeZone: string,
  fromMs: number,
  toMs: number,
): readonly ExpectedPresence[] {
  const expected: ExpectedPresence[] = []
  for (const { hour, startMs, endMs } of hoursBetween(fromMs, toMs, timeZone)) {
    const chance = chanceOf(seenHours[hour]!, hereHours[hour]!)
    if (chance < EXPECTED_FROM) continue
    const last = expected.at(-1)
    if (last?.endMs === startMs) {
      expected[expected.length - 1] = { ...last, endMs, confidence: Math.max(last.confidence, chance) }
    } else expected.push({ startMs, endMs, confidence: chance })
  }
  return expected
}

/** Those last asked for, by zone: it is asked of one host after the other, and to reckon with a zone takes its time. */
const LAST = new Map<string, { readonly fromMs: number; readonly toMs: number; readonly hours: readonly WeekHour[] }>()

function hoursBetween(fromMs: number, toMs: number, timeZone: string): readonly WeekHour[] {
  const last = LAST.get(timeZone)
  if (last?.fromMs === fromMs && last.toMs === toMs) return last.hours
  const hours = [...hoursOf(fromMs, toMs, timeZone)]
  LAST.set(timeZone, { fromMs, toMs, hours })
  return hours
}

/** Hour by hour of the week, from Monday 00:00 on: whether the owner is expected. */
export function expectedHours({
  seenHours,
  hereHours,
}: Pick<WeeklyPresence, "seenHours" | "hereHours">): readonly boolean[] {
  return seenHours.map((seen, hour) => chanceOf(seen, hereHours[hour]!) >= EXPECTED_FROM)
}

/** How likely the owner is there, by Laplace's rule of succession; 0 where too little was seen. */
function chanceOf(seen: number, here: number): number {
  return seen < LEAST_SEEN_HOURS ? 0 : (here + PRIOR_HOURS / 2) / (seen + PRIOR_HOURS)
}
