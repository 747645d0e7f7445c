/** Macs with people at them, as looks and scenes for tests; everything not said is as on a Mac that nobody uses. */
import type { Conditions } from "../../src/presence/conditions.ts"
import { type EffectivePolicy, effectivePolicy } from "../../src/presence/effective-policy.ts"
import type { Look } from "../../src/presence/look.ts"
import type { Moment } from "../../src/presence/moment.ts"
import type { Scene } from "../../src/presence/obstacle.ts"
import type { OwnerPolicy, PresetName } from "../../src/presence/owner-policy.ts"
import { observe, type PresenceRule, type Watch } from "../../src/presence/presence.ts"
import { known, type Reading, unknown } from "../../src/presence/reading.ts"
import type { Accounts } from "../../src/presence/sign.ts"

export const SECOND_MS = 1_000
export const MINUTE_MS = 60_000
export const HOUR_MS = 3_600_000
export const GIB = 1024 ** 3

/** Friday 27 November 2026, 12:00 UTC, on a Mac that has been up for ten days. */
export const NOON: Moment = { wallMs: Date.UTC(2026, 10, 27, 12), sleepCountingMs: 864_000_000 }
export const ANNAS: Accounts = { owner: "anna", jobs: "windfall" }
export const NOT_TOLD = unknown("the command timed out")

export function later(ms: number, moment: Moment = NOON): Moment {
  return { wallMs: moment.wallMs + ms, sleepCountingMs: moment.sleepCountingMs + ms }
}

/** Values stand for known readings. */
export type LookValues = {
  readonly [K in Exclude<keyof Look, "at">]?: (Look[K] extends Reading<infer V> ? V : never) | typeof NOT_TOLD
}

/** An unlocked Mac with Anna at the console, who typed last an hour before {@link NOON}. */
export function lookAt(at: Moment, values: LookValues = {}): Look {
  const look = {
    at,
    idleMs: known(HOUR_MS + at.sleepCountingMs - NOON.sleepCountingMs),
    locked: known(false),
    console: known({ user: "anna", switchedOut: [] }),
    display: known("on" as const),
    wokeAgoMs: known(24 * HOUR_MS),
    displayHolds: known([]),
    remoteLogins: known([]),
    activeUntilMs: known(null),
  }
  const readings = Object.entries(values).map(([key, value]) => [key, isReading(value) ? value : known(value)])
  return { ...look, ...Object.fromEntries(readings) } as Look
}

/** Locked, and the display asleep, as after a dark wake. */
export const DARK = { locked: true, display: "asleep" } as const satisfies LookValues

/** The watch after looks one after the other, each so long after {@link NOON}. */
export function watchOf(
  looks: readonly (readonly [atMs: number, values: LookValues])[],
  options: { readonly before?: Watch | undefined; readonly accounts?: Accounts; readonly rule?: PresenceRule } = {},
): Watch {
  let watch = options.before
  for (const [atMs, values] of looks) {
    watch = observe(watch, lookAt(later(atMs), values), options.accounts ?? ANNAS, options.rule)
  }
  return watch!
}

/** Nobody has shown for `quietMs`, and so it has been for several looks up to `at`. */
export function quietFor(quietMs: number, at: Moment = NOON): Watch {
  let watch: Watch | undefined
  for (const agoMs of [1_000, 500, 0])
    watch = observe(watch, lookAt(later(-agoMs, at), { idleMs: quietMs - agoMs }), ANNAS)
  return watch!
}

/** Somebody has just typed. */
export function typing(at: Moment = NOON, before?: Watch): Watch {
  return observe(before, lookAt(at, { idleMs: 100 }), ANNAS)
}

export const CONDITIONS: Conditions = {
  power: known("mains"),
  chargePercent: unknown("it has no battery"),
  lowPowerMode: known(false),
  foreignLoad: known(0.1),
  availableBytes: known(40 * GIB),
  pressure: known("normal"),
  swapUsedBytes: known(0),
  memoryBytes: 64 * GIB,
}

export function policyWith(values: Partial<OwnerPolicy> = {}, preset: PresetName = "default"): EffectivePolicy {
  return effectivePolicy({ preset, values: {} }, values)
}

/** A Mac whose owner has been away for an hour, at noon. */
export function sceneWith(values: Partial<Scene> = {}): Scene {
  const now = values.now ?? NOON
  return {
    now,
    watch: quietFor(HOUR_MS, now),
    conditions: CONDITIONS,
    policy: policyWith(),
    pauses: [],
    timeZone: "Europe/Berlin",
    ...values,
  }
}

function isReading(value: unknown): boolean {
  return typeof value === "object" && value !== null && "known" in value
}
