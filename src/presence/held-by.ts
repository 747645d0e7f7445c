import type { Demand } from "./demand.ts"
import { msBetween } from "./moment.ts"
import { LOOK_HOLDS_MS, type Scene } from "./obstacle.ts"
import type { Why } from "./why.ts"

/**
 * What keeps a suspended attempt stopped now, which need not be what stopped it: who came may have left, and somebody may have paused
 * since. `undefined` where nothing new can be said.
 */
export function heldBy({ watch, now, policy }: Scene, demand: Demand | undefined): Why | undefined {
  if (demand !== undefined) return demand.to === "suspend" ? demand.why : undefined
  const { onReturn, resumeAfterIdleMs } = policy.values
  if (watch === undefined || onReturn === "ignore" || onReturn === "yield") return undefined
  const { presence, says, quietMs } = watch
  if (presence.state === "unknown") return { code: "presence_unknown", reason: presence.reason }
  const isSeen = presence.state === "away" && says === "quiet" && msBetween(watch.at, now) <= LOOK_HOLDS_MS
  if (!isSeen || quietMs > resumeAfterIdleMs) return undefined
  return { code: "owner_just_left", neededMs: resumeAfterIdleMs }
}
