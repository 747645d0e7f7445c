import { durationText, formatDuration } from "../../base/duration.ts"
import { wallText } from "../time/wall-text.ts"
import type { KeptHost } from "./kept-hosts.ts"

const MINUTE_MS = 60_000
/** Said only where it is so in that moment. */
export const COULD_START = "it could start"

/**
 * Why a job does not get the host, as the end of "studio1: ...".
 * @param hasRoom whether the host had room for it but for the booking
 */
export function keptText(kept: KeptHost, nowMs: number, hasRoom: boolean): string {
  switch (kept.code) {
    case "booked": {
      const whom = kept.maintenance ? `maintenance (${kept.booking})` : kept.booking
      if (kept.startMs <= nowMs) {
        return `kept for ${whom} until ${wallText(kept.endMs, kept.timeZone, nowMs)} (${kept.timeZone}), for ${formatDuration(kept.endMs - nowMs)} more`
      }
      const from = `${wallText(kept.startMs, kept.timeZone, nowMs)} (${kept.timeZone})`
      const until = formatDuration(kept.startMs - nowMs)
      const because = runsIntoText(kept.hasLimit, hasRoom ? limitBefore(kept.startMs - nowMs) : 0)
      return `kept for ${whom} from ${from} for ${formatDuration(kept.endMs - kept.startMs)}, in ${until}; ${because}`
    }
    case "not_booked":
      return `not in the booking ${kept.booking}`
    case "booking_over":
      return `the booking ${kept.booking} is over`
    case "booking_to_come":
      return `the booking ${kept.booking} begins at ${wallText(kept.startMs, kept.timeZone, nowMs)} (${kept.timeZone}), in ${formatDuration(kept.startMs - nowMs)}`
  }
}

/** Why a booking keeps a job off that is to come. @param limitMs with which it could start now; 0: with none that people would say */
export function runsIntoText(hasLimit: boolean, limitMs: number): string {
  const why = hasLimit
    ? "the job may still run then"
    : "the job has no time limit, so nobody knows whether it ends before"
  return limitMs === 0 ? why : `${why}: with --time ${durationText(limitMs)} ${COULD_START}`
}

/** The longest time limit that people would say that ends before: in whole minutes, or hours; 0 where there is none. */
export function limitBefore(inMs: number): number {
  const unitMs = inMs < 120 * MINUTE_MS ? MINUTE_MS : 60 * MINUTE_MS
  return Math.max(0, Math.floor(inMs / unitMs) * unitMs)
}
