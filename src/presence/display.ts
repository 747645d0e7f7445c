import { msBetween } from "./moment.ts"
import { LOOK_HOLDS_MS, type Scene } from "./obstacle.ts"

/**
 * Whether the display may be put to sleep for a GPU job: the policy says so, and nobody is there by a look of just now. A lit
 * display lets the GPU watchdog of macOS end long work on the GPU.
 */
export function maySleepDisplay({ policy, watch, now }: Scene): boolean {
  if (policy.values.display !== "sleep" || watch === undefined) return false
  return watch.presence.state === "away" && watch.says === "quiet" && msBetween(watch.at, now) <= LOOK_HOLDS_MS
}
