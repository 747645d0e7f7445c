import { type OwnerObstacle, ownerObstacleText, type Scene } from "../../presence/obstacle.ts"
import { publicText } from "../../presence/public-text.ts"
import { causeOf, type OwnersRefusal } from "../../presence/why.ts"
import type { AgentContext } from "../agent-context.ts"
import type { Attempt } from "../attempt.ts"
import { stopAttempt } from "../stopping.ts"

/** These are no matter of moments: a job that has not begun is better off elsewhere. */
const HOLD_OFF: ReadonlySet<string> = new Set([
  "paused",
  "outside_hours",
  "owner_here",
  "on_battery",
  "low_power_mode",
  "memory_needed",
])

/** What has not begun yet is not begun on a Mac that somebody uses now. */
export function endPrepared(
  context: AgentContext,
  attempts: readonly Attempt[],
  { now, timeZone }: Scene,
  obstacles: readonly OwnerObstacle[],
): void {
  const main = obstacles.find(({ code }) => HOLD_OFF.has(code))
  if (main === undefined) return
  for (const attempt of attempts) {
    const { order, phase, stop } = attempt
    if (phase !== "preparing" || stop !== null || order === null) continue
    attempt.message ??= `It cannot start there now: ${publicText(main.code, ownerObstacleText(main, now.wallMs, timeZone))}`
    stopAttempt(context, attempt, { cause: causeOf(main), signal: order.stopSignal, graceMs: 0 })
  }
}

/** What the first looks tell: until then an attempt may be made ready, and waits for them. */
const UNDECIDED: ReadonlySet<string> = new Set(["presence_unknown", "power_unknown", "foreign_load"])

export function decided(obstacles: readonly OwnerObstacle[]): OwnerObstacle[] {
  return obstacles.filter(({ code }) => !UNDECIDED.has(code))
}

/** Why a job that was sent all the same does not start; `null` where it may. */
export function refusalFor(
  { policy, now, timeZone }: Scene,
  obstacles: readonly OwnerObstacle[],
): OwnersRefusal | null {
  // Where nobody's coming is minded, only what was said holds a job off.
  const isNobodys = policy.preset === "nobodys"
  const main = obstacles.find(({ code }) => !isNobodys || code === "paused" || code === "outside_hours")
  if (main === undefined) return null
  // Whose job it is reads it.
  return { cause: causeOf(main), reason: publicText(main.code, ownerObstacleText(main, now.wallMs, timeZone)) }
}
