import { type OwnerObstacle, ownerObstacleText, type Scene } from "../../presence/obstacle.ts"
import { publicText } from "../../presence/public-text.ts"
import { causeOf, type OwnersRefusal } from "../../presence/why.ts"

/** These are no matter of moments: a job that has not begun is better off elsewhere. */
export const HOLD_OFF: ReadonlySet<string> = new Set([
  "paused",
  "outside_hours",
  "owner_here",
  "on_battery",
  "low_power_mode",
])

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
