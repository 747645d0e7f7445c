import { parseDuration } from "../../base/duration.ts"
import { isTimeZone } from "../../base/zone-time.ts"
import { LONGEST_BOOKING_MS, SHORTEST_BOOKING_MS } from "../../protocol/booking.ts"
import { WindfallError } from "../../protocol/errors.ts"
import { jumpedOver } from "../../scheduler/bookings/clock-notices.ts"
import { readMomentMs } from "../../scheduler/time/moment-text.ts"

export interface ReadMoment {
  readonly at: number
  /** What the clock was to show by what was typed, as a moment of UTC, where it jumps over that; `undefined` for all other moments. */
  readonly askedWallAt: number | undefined
}

/** @throws {WindfallError} invalid_input naming the option */
export function readMoment(option: string, typed: string, nowMs: number, timeZone: string): ReadMoment {
  try {
    const at = readMomentMs(typed, nowMs, timeZone)
    return { at, askedWallAt: jumpedOver(typed, at, nowMs, timeZone) ?? undefined }
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    throw new WindfallError("invalid_input", `Cannot use ${option}: ${error.message}`, {
      hint: `For instance: ${option} 'tomorrow 09:00'`,
    })
  }
}

/** How long, in milliseconds. @throws {SyntaxError} */
export function readBookedMs(text: string): number {
  const ms = parseDuration(text)
  if (ms < SHORTEST_BOOKING_MS || ms > LONGEST_BOOKING_MS) {
    throw new SyntaxError(`"${text}" is not between a minute and a year`)
  }
  return ms
}

/** @throws {SyntaxError} */
export function readZone(text: string): string {
  if (isTimeZone(text)) return text
  throw new SyntaxError(`"${text}" is not the name of a time zone, as Europe/Berlin or UTC`)
}

/** Names with commas between them. @throws {SyntaxError} */
export function readNames(text: string): readonly string[] {
  const names = text.split(",").map((name) => name.trim())
  if (names.some((name) => name === "")) throw new SyntaxError(`"${text}" has an empty name`)
  return [...new Set(names)]
}

/** The zone of this machine's clock. */
export function localZone(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone
}
