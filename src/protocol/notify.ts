import { parseDuration } from "../base/duration.ts"

/** What somebody may be told of a job. `waiting`: it has waited long; `vacated`: its attempt ended with its host, and it waits again. */
export const NOTIFY_REASONS = ["done", "failed", "stalled", "vacated", "waiting"] as const

export type NotifyReason = (typeof NOTIFY_REASONS)[number]

/** Of what to tell, and after how long, in milliseconds, a job counts as stalled or as waiting for long. */
export interface NotifyOn {
  readonly reasons: readonly NotifyReason[]
  readonly stalledMs: number
  readonly waitingMs: number
}

/** What a job says of whom to tell. */
export interface JobNotify {
  /**
   * What was typed, on the way to the server; ids of the sender's targets from then on, as an address is a secret.
   * `null`: the sender's own defaults. Empty: nobody.
   */
  readonly targets: readonly string[] | null
  /** `null`: as each target says. */
  readonly on: NotifyOn | null
}

export const DEFAULT_NOTIFY_ON: NotifyOn = { reasons: NOTIFY_REASONS, stalledMs: 30 * 60_000, waitingMs: 3_600_000 }

/** Bounds of the times in {@link NotifyOn}. */
export const NOTIFY_MS = { minimum: 1_000, maximum: 366 * 86_400_000 }

/** A job names at most so many targets, and a user has at most so many. */
export const MOST_JOB_TARGETS = 10
export const MOST_TARGETS = 100

/**
 * Reads what to tell of: reasons, in one text by commas or in several, where `stalled=10m` and `waiting=2h` also say after how long.
 * @throws {SyntaxError} naming what is not one
 */
export function readNotifyOn(texts: readonly string[]): NotifyOn {
  const reasons = new Set<NotifyReason>()
  let { stalledMs, waitingMs } = DEFAULT_NOTIFY_ON
  for (const text of texts.flatMap((one) => one.split(",")).map((one) => one.trim())) {
    const [name = "", after] = text.split("=", 2)
    const reason = NOTIFY_REASONS.find((each) => each === name)
    if (reason === undefined) throw new SyntaxError(`"${name}" is not one of ${NOTIFY_REASONS.join(", ")}`)
    reasons.add(reason)
    if (after === undefined) continue
    if (reason !== "stalled" && reason !== "waiting") throw new SyntaxError(`${reason} takes no time`)
    const ms = parseDuration(after)
    if (ms < NOTIFY_MS.minimum || ms > NOTIFY_MS.maximum) {
      throw new SyntaxError(`"${after}" is out of range: 1s to 366d`)
    }
    if (reason === "stalled") stalledMs = ms
    else waitingMs = ms
  }
  return { reasons: NOTIFY_REASONS.filter((each) => reasons.has(each)), stalledMs, waitingMs }
}
