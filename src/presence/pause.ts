import { localTime, wallMsAt } from "../base/zone-time.ts"
import { readDuration } from "../protocol/job-values.ts"

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS
/** When the day of somebody who works late ends. */
const DAY_ENDS_MS = 4 * HOUR_MS
/** A pause that was asked for is never shorter than this because of how late it is. */
const LEAST_TODAY_MS = 4 * HOUR_MS

/** No jobs on this Mac until then, by whose word. */
export interface Pause {
  /** By the wall clock; `null`: until somebody resumes. */
  readonly untilMs: number | null
  readonly sinceMs: number
  readonly by: string
  readonly speaker: Speaker
}

/**
 * Who moves an owner's lever. console_account: the owner at the Mac; console_user: whoever sits at it; owner: the owner from
 * elsewhere; job: something written under the account that jobs run as, so perhaps by a job.
 */
export type Speaker = "console_account" | "console_user" | "owner" | "admin" | "job" | "other"

/** What was said by whom: one pause at most for each {@link voiceOf}, so that nobody shortens what somebody else has said. */
export type Pauses = readonly Pause[]

/** Whose word it is. Whoever sits at the Mac speaks as its owner. */
export function voiceOf(speaker: Speaker): "owner" | "admin" | "job" {
  if (speaker === "other") return "job"
  return speaker === "admin" || speaker === "job" ? speaker : "owner"
}

/** The pause that holds now, of several the one that ends last; `null` when none does. At its very end a pause does not hold. */
export function activePause(pauses: Pauses, wallMs: number): Pause | null {
  let last: Pause | null = null
  for (const pause of pauses) {
    if (endOf(pause) > wallMs && (last === null || endOf(pause) > endOf(last))) last = pause
  }
  return last
}

/** The pauses once `next` was said. It replaces what the same voice has said; but a job only makes its own longer. */
export function withPause(pauses: Pauses, next: Pause): Pauses {
  const same = pauses.find(({ speaker }) => voiceOf(speaker) === voiceOf(next.speaker))
  if (next.speaker === "job" && same !== undefined && endOf(same) >= endOf(next)) return pauses
  return [...pauses.filter((pause) => pause !== same), next]
}

/**
 * The pauses once somebody who may has resumed: the owner ends all; an administrator the own, or all
 * where there is no owner; a job none.
 */
export function withoutPause(pauses: Pauses, speaker: Speaker, hasOwner: boolean): Pauses {
  const voice = voiceOf(speaker)
  if (voice === "job") return pauses
  return voice === "owner" || !hasOwner ? [] : pauses.filter((pause) => voiceOf(pause.speaker) !== "admin")
}

function endOf({ untilMs }: Pause): number {
  return untilMs ?? Number.POSITIVE_INFINITY
}

/**
 * Until when "not today" is: 04:00 of the night in which the day ends, as somebody who says it at 23:30 does not mean half an hour;
 * and where that is less than four hours off, 04:00 of the night after.
 */
export function notTodayUntilMs(wallMs: number, timeZone: string): number {
  const today = localTime(timeZone, wallMs)
  for (let day = today.day; ; day++) {
    const untilMs = wallMsAt(timeZone, { ...today, day }, DAY_ENDS_MS)
    if (untilMs - wallMs >= LEAST_TODAY_MS) return untilMs
  }
}

/**
 * Reads until when to pause: `2h` and the like, `today`, `until 18:00` (the next time the clock shows that), or nothing for
 * until somebody resumes.
 * @throws {SyntaxError} naming the value
 */
export function readPauseEnd(text: string, wallMs: number, timeZone: string): number | null {
  const word = text.trim().toLowerCase()
  if (word === "") return null
  if (word === "today" || word === "not today") return notTodayUntilMs(wallMs, timeZone)
  const [, hour, minute] = /^until\s+(\d{1,2}):(\d{2})$/.exec(word) ?? []
  if (hour === undefined || minute === undefined) return wallMs + readDuration(word, MINUTE_MS, 90 * DAY_MS)
  if (Number(hour) > 23 || Number(minute) > 59) throw new SyntaxError(`"${text}" is no time of day: 00:00 to 23:59`)
  const msOfDay = Number(hour) * HOUR_MS + Number(minute) * MINUTE_MS
  const today = localTime(timeZone, wallMs)
  const thenMs = wallMsAt(timeZone, today, msOfDay)
  return thenMs > wallMs ? thenMs : wallMsAt(timeZone, { ...today, day: today.day + 1 }, msOfDay)
}
