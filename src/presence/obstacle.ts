import { formatDuration } from "../base/duration.ts"
import { clockText } from "./clock-text.ts"
import type { Conditions } from "./conditions.ts"
import type { EffectivePolicy } from "./effective-policy.ts"
import { isOpen, nextChange } from "./hours.ts"
import { mindsMemory } from "./memory-need.ts"
import type { Moment } from "./moment.ts"
import { msBetween } from "./moment.ts"
import { mindsPresence, openHours } from "./owner-policy.ts"
import { activePause, type Pauses } from "./pause.ts"
import type { Watch } from "./presence.ts"
import { signText } from "./presence-text.ts"
import { ifKnown } from "./reading.ts"
import type { Sign } from "./sign.ts"

/** A look older than this tells nothing of now: the agent looks every few seconds. */
export const LOOK_HOLDS_MS = 15_000

/** What keeps jobs from starting on a Mac, for its owner's sake. Stable codes, the first that holds comes first. */
export type OwnerObstacle =
  /** `untilMs` by the wall clock; `null`: until somebody resumes. */
  | { readonly code: "paused"; readonly by: string; readonly untilMs: number | null }
  /** `untilMs` by the wall clock; `null`: never open. */
  | { readonly code: "outside_hours"; readonly untilMs: number | null }
  | { readonly code: "owner_here"; readonly sign: Sign }
  | { readonly code: "presence_unknown"; readonly reason: string }
  | { readonly code: "owner_away_too_short"; readonly quietMs: number; readonly neededMs: number }
  | { readonly code: "on_battery"; readonly power: "battery" | "ups"; readonly chargePercent: number | null }
  | { readonly code: "power_unknown"; readonly reason: string }
  | { readonly code: "low_power_mode" }
  | { readonly code: "foreign_load"; readonly load: number | null }
  /** The system has begun to take memory from whoever has it. `reason` in words. */
  | { readonly code: "memory_needed"; readonly reason: string }

/** All that is known of a Mac at a moment, as far as its owner is concerned. */
export interface Scene {
  readonly now: Moment
  readonly watch: Watch | undefined
  readonly conditions: Conditions
  readonly policy: EffectivePolicy
  readonly pauses: Pauses
  /** The Mac's own. */
  readonly timeZone: string
}

/** What of a scene the owner has said. */
export type Orders = Pick<Scene, "policy" | "pauses" | "timeZone"> & { readonly now: Pick<Moment, "wallMs"> }

/** What keeps jobs from starting now; nothing when they may. */
export function startObstacles(scene: Scene): OwnerObstacle[] {
  return [
    ...orderObstacles(scene),
    ...presenceObstacles(scene),
    ...powerObstacles(scene),
    ...loadObstacles(scene),
    ...memoryObstacles(scene),
  ]
}

/** What the owner has said: pauses and hours. */
export function orderObstacles({ now, policy, pauses, timeZone }: Orders): OwnerObstacle[] {
  const found: OwnerObstacle[] = []
  const pause = activePause(pauses, now.wallMs)
  if (pause !== null) found.push({ code: "paused", by: pause.by, untilMs: pause.untilMs })
  const hours = openHours(policy.values)
  const zone = policy.values.timeZone ?? timeZone
  if (!isOpen(hours, zone, now.wallMs)) {
    found.push({ code: "outside_hours", untilMs: nextChange(hours, zone, now.wallMs) })
  }
  return found
}

/** When {@link orderObstacles} next says something else by itself, by the wall clock; `null`: never. */
export function ordersChangeAtMs({ now, policy, pauses, timeZone }: Orders): number | null {
  const changes = [
    nextChange(openHours(policy.values), policy.values.timeZone ?? timeZone, now.wallMs),
    // Of pauses each end counts: the one that holds then says so in its own words.
    ...pauses.map(({ untilMs }) => untilMs),
  ].filter((at) => at !== null && at > now.wallMs)
  return changes.length === 0 ? null : Math.min(...(changes as number[]))
}

/** A dark wake gives an input of its own, a person a second one, or light. */
const DOUBT = "there was input at a locked, dark Mac, as in a dark wake: within a minute it is clear whose"

function presenceObstacles({ now, watch, policy }: Scene): OwnerObstacle[] {
  if (!mindsPresence(policy.values)) return []
  if (watch === undefined) return [{ code: "presence_unknown", reason: "nobody has looked yet" }]
  const { presence, says, quietMs } = watch
  if (presence.state === "here") return [{ code: "owner_here", sign: presence.sign }]
  if (presence.state === "unknown") return [{ code: "presence_unknown", reason: presence.reason }]
  if (msBetween(watch.at, now) > LOOK_HOLDS_MS) {
    return [{ code: "presence_unknown", reason: `the last look is ${formatDuration(msBetween(watch.at, now))} old` }]
  }
  if (says === "doubtful") {
    return [{ code: "presence_unknown", reason: DOUBT }]
  }
  if (says === "blind") return [{ code: "presence_unknown", reason: "the last look could not tell" }]
  const { startAfterIdleMs } = policy.values
  if (quietMs > startAfterIdleMs) return []
  return [{ code: "owner_away_too_short", quietMs, neededMs: startAfterIdleMs }]
}

/** Battery and Low Power Mode, where the policy minds them. */
export function powerObstacles({ conditions, policy }: Scene): OwnerObstacle[] {
  const { onBattery, lowPowerMode } = policy.values
  const found: OwnerObstacle[] = []
  if (onBattery !== "yes") {
    const { power } = conditions
    const chargePercent = ifKnown(conditions.chargePercent) ?? null
    if (!power.known) found.push({ code: "power_unknown", reason: power.reason })
    else if (power.value !== "mains" && !(typeof onBattery === "number" && (chargePercent ?? 0) > onBattery)) {
      found.push({ code: "on_battery", power: power.value, chargePercent })
    }
  }
  if (lowPowerMode === "no" && ifKnown(conditions.lowPowerMode) === true) found.push({ code: "low_power_mode" })
  return found
}

function loadObstacles({ conditions, policy }: Scene): OwnerObstacle[] {
  const { load } = policy.manners
  if (load === null) return []
  const foreign = ifKnown(conditions.foreignLoad)
  return foreign !== undefined && foreign <= load.idleLoad ? [] : [{ code: "foreign_load", load: foreign ?? null }]
}

/** How much is available is for the scheduler, job by job; a Mac in danger takes none. */
function memoryObstacles({ conditions, policy }: Scene): OwnerObstacle[] {
  if (!mindsMemory(policy) || ifKnown(conditions.pressure) !== "critical") return []
  return [{ code: "memory_needed", reason: "macOS reports critical memory pressure" }]
}

/** An obstacle in words, as the end of "mac-3: ...". */
export function ownerObstacleText(obstacle: OwnerObstacle, nowMs: number, timeZone: string): string {
  switch (obstacle.code) {
    case "paused":
      return `paused by ${obstacle.by} ${obstacle.untilMs === null ? "until it is resumed" : `until ${clockText(obstacle.untilMs, nowMs, timeZone)}`}`
    case "outside_hours":
      return obstacle.untilMs === null
        ? "its owner's hours leave no time for jobs"
        : `outside its owner's hours until ${clockText(obstacle.untilMs, nowMs, timeZone)}`
    case "owner_here":
      return `somebody is at it: ${signText(obstacle.sign)}`
    case "presence_unknown":
      return `whether somebody is at it is not known: ${obstacle.reason}`
    case "owner_away_too_short":
      // Read some time after it was said, a duration would stand still.
      return `nobody since ${clockText(nowMs - obstacle.quietMs, nowMs, timeZone)}: jobs start ${formatDuration(obstacle.neededMs)} after that`
    case "on_battery": {
      const charge = obstacle.chargePercent === null ? "" : `, charged ${obstacle.chargePercent}%`
      return `on ${obstacle.power === "ups" ? "a UPS" : "battery"}${charge}`
    }
    case "power_unknown":
      return `whether it is on battery is not known: ${obstacle.reason}`
    case "low_power_mode":
      return "in Low Power Mode"
    case "foreign_load":
      return obstacle.load === null
        ? "how busy it is is not known"
        : `busy with other work: load ${obstacle.load.toFixed(2)}`
    case "memory_needed":
      return `its memory is needed: ${obstacle.reason}`
  }
}
