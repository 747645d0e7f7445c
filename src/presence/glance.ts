import { formatDuration } from "../base/duration.ts"
import { type Moment, msBetween } from "./moment.ts"
import type { OwnerObstacle } from "./obstacle.ts"
import type { Presence } from "./presence.ts"

/** Who is at a Mac, for a column of a table: "here", "away 42m 00s", "paused", "hours", "unknown", "battery". */
export function glanceText(obstacles: readonly OwnerObstacle[], presence: Presence | null, now: Moment): string {
  switch (obstacles[0]?.code) {
    case "paused":
      return "paused"
    case "outside_hours":
      return "hours"
    case "on_battery":
      return "battery"
    case "low_power_mode":
      return "low power"
    default:
      break
  }
  if (presence === null) return "-"
  return presence.state === "away"
    ? `away ${formatDuration(Math.max(0, msBetween(presence.since, now)))}`
    : presence.state
}
