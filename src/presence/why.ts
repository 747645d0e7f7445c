import { formatDuration } from "../base/duration.ts"
import { type OwnerObstacle, ownerObstacleText } from "./obstacle.ts"

/** Why something is done to an attempt for the owner's sake. */
export type Why =
  | OwnerObstacle
  | { readonly code: "suspended_too_long"; readonly limitMs: number }
  /** `reason` in words, with numbers. */
  | { readonly code: "memory_needed"; readonly reason: string }
  /** The owner wants it gone at once. */
  | { readonly code: "evicted" }

/** In words, as the end of "suspended: ...". */
export function whyText(why: Why, nowMs: number, timeZone: string): string {
  switch (why.code) {
    case "suspended_too_long":
      return `it was suspended for longer than ${formatDuration(why.limitMs)}`
    case "memory_needed":
      return `its memory is needed: ${why.reason}`
    case "evicted":
      return "the owner wants all jobs gone"
    default:
      return ownerObstacleText(why, nowMs, timeZone)
  }
}
