import { nextChange } from "./hours.ts"
import type { Scene } from "./obstacle.ts"
import { mindsPresence, openHours } from "./owner-policy.ts"
import { activePause } from "./pause.ts"
import { KILL_AGAIN_MS, type Phase } from "./phase.ts"

/** An owner who returns is to find jobs stopped within a second: what is left of it is for the look itself and for stopping a tree. */
const LOOK_WITH_ATTEMPTS_MS = 450
const LOOK_IDLE_MS = 5_000
/** Where who is there decides nothing, it is only shown. */
const LOOK_UNMINDED_MS = 30_000
/** The wall clock may be set; a step costs nothing. */
const WAKE_AT_LEAST_MS = 15 * 60_000

/** When the next look is due at the latest. */
export function lookWithinMs({ policy, watch }: Scene, hasAttempts: boolean): number {
  if (!mindsPresence(policy.values) && policy.values.onReturn === "ignore") return LOOK_UNMINDED_MS
  const intervalMs = hasAttempts ? LOOK_WITH_ATTEMPTS_MS : LOOK_IDLE_MS
  if (watch === undefined || watch.says !== "quiet") return intervalMs
  const dueMs = policy.values.startAfterIdleMs - watch.quietMs + 1
  return dueMs > 0 ? Math.min(intervalMs, dueMs) : intervalMs
}

/** When the next step is due at the latest: a pause ends, hours change, a suspended or vacated attempt has had its time. */
export function wakeWithinMs(scene: Scene, phases: readonly Phase[]): number {
  const { now, policy, pauses, timeZone } = scene
  const dues = phases.flatMap((phase) => dueMs(phase, policy.values.vacateAfterMs))
  const pauseEndMs = activePause(pauses, now.wallMs)?.untilMs ?? null
  const changeMs = nextChange(openHours(policy.values), policy.values.timeZone ?? timeZone, now.wallMs)
  const inMs = [
    ...dues.map((due) => due - now.sleepCountingMs),
    ...[pauseEndMs, changeMs].flatMap((at) => (at === null ? [] : [at - now.wallMs])),
  ]
  return Math.max(0, Math.min(WAKE_AT_LEAST_MS, ...inMs))
}

/** The first millisecond at which the time is over: all limits are *longer than*. */
function dueMs(phase: Phase, vacateAfterMs: number): number[] {
  switch (phase.phase) {
    case "running":
    case "yielding":
      return []
    case "suspended":
      return [phase.sinceMs + vacateAfterMs + 1]
    case "vacating":
      return [phase.sinceMs + phase.graceMs + 1]
    case "killing":
      return [phase.sinceMs + KILL_AGAIN_MS + 1]
  }
}
