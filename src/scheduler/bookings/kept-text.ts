import { formatDuration } from "../../base/duration.ts"
import { wallText } from "../time/wall-text.ts"
import type { KeptHost } from "./kept-hosts.ts"

/** Why a job does not get the host, as the end of "studio1: ...". */
export function keptText(kept: KeptHost, nowMs: number): string {
  switch (kept.code) {
    case "booked": {
      const whom = kept.maintenance ? `maintenance (${kept.booking})` : kept.booking
      if (kept.startMs <= nowMs) {
        return `kept for ${whom} until ${wallText(kept.endMs, kept.timeZone, nowMs)} (${kept.timeZone}), for ${formatDuration(kept.endMs - nowMs)} more`
      }
      const from = `${wallText(kept.startMs, kept.timeZone, nowMs)} (${kept.timeZone})`
      const until = formatDuration(kept.startMs - nowMs)
      const because = kept.hasLimit
        ? `the job may still run then: with --time ${shorter(kept.startMs - nowMs)} it could start`
        : `the job has no time limit, so nobody knows whether it ends before: with --time ${shorter(kept.startMs - nowMs)} it could start`
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

/** A time limit that ends before, in whole minutes, as `--time` takes it. */
function shorter(ms: number): string {
  const minutes = Math.max(1, Math.floor(ms / 60_000))
  return minutes < 120 ? `${minutes}m` : `${Math.floor(minutes / 60)}h`
}
