import type { Conditions } from "../../presence/conditions.ts"
import type { Moment } from "../../presence/moment.ts"
import type { Watch } from "../../presence/presence.ts"
import type { RunningAttempt } from "../../presence/reaction.ts"
import { known, unknown } from "../../presence/reading.ts"
import type { Attempt } from "../attempt.ts"

export function runningAttempt({ id, startedUptimeMs, order, suspension }: Attempt): RunningAttempt {
  return {
    id,
    startedMs: startedUptimeMs,
    stopSignal: order?.stopSignal ?? "SIGTERM",
    graceMs: order?.graceMs ?? 10_000,
    suspendedSinceMs: suspension.ownerSinceMs,
  }
}

export function unwatched(memoryBytes: number): Omit<Conditions, "foreignLoad"> {
  return {
    power: known("mains"),
    chargePercent: unknown("it was not asked for"),
    lowPowerMode: known(false),
    availableBytes: unknown("it was not asked for"),
    pressure: known("normal"),
    swapUsedBytes: unknown("it was not asked for"),
    memoryBytes,
  }
}

/** Where nobody is looked for, nobody is there: only what was said counts. */
export function quietWatch(now: Moment): Watch {
  return {
    at: now,
    presence: { state: "away", since: now },
    says: "quiet",
    quietMs: Number.MAX_SAFE_INTEGER,
    input: undefined,
    otherSign: null,
    quietLooks: Number.MAX_SAFE_INTEGER,
    calmLooks: Number.MAX_SAFE_INTEGER,
    blind: null,
  }
}
