import type { ToldHit } from "../limits/limit-words.ts"
import { decayOver, decayPerSecond } from "../share/decay.ts"
import type { UsagePolicy } from "../share/usage.ts"
import { nextUsageReset } from "../share/usage-reset.ts"
import type { WaitReason } from "./queue-plan.ts"
import type { QueueJob, QueueScene } from "./queue-scene.ts"

/** Where a job waits for a limit that what was used alone meets, whoever runs: when it does so no more, if nothing else is charged. `null`: never. */
export interface UsedUp {
  readonly untilMs: number | null
}

/**
 * Of the limits on used minutes for which a job waits the one that is met longest; `null`: none of them is met by what was used alone.
 * @param reason why it waits with nobody running
 */
export function usedUp(scene: QueueScene, job: QueueJob, reason: WaitReason | null, nowMs: number): UsedUp | null {
  if (reason?.code !== "limit") return null
  const { usage, safeMinutes } = scene.policy
  let longest: UsedUp | null = null
  for (const hit of reason.hits) {
    if (!isOnUse(hit) || hit.lasting) continue
    // In another of its partitions it may not be met.
    if (job.partitions.length > 1 && (hit.layer.kind === "partition" || hit.layer.kind === "partition_qos")) continue
    const isBelow = (used: number) => (safeMinutes ? used + hit.asked <= hit.most : used < hit.most)
    const used = usedAt(scene, job, hit)
    if (isBelow(used)) continue
    const untilMs = fadedAt(used, safeMinutes ? hit.most - hit.asked : hit.most, isBelow, usage, nowMs)
    if (longest === null || (longest.untilMs !== null && (untilMs === null || untilMs > longest.untilMs)))
      longest = { untilMs }
  }
  return longest
}

function isOnUse({ scope, limit }: ToldHit): boolean {
  return scope === "group" && (limit === "minutes" || limit === "wallMinutes")
}

function usedAt({ used }: QueueScene, { user, account }: QueueJob, { layer, limit, resource }: ToldHit): number {
  const { kind, name } = layer
  const keys = { user: `user ${account}/${user}`, root: "root", qos: `qos ${name}`, partition_qos: `qos ${name}` }
  const { minutes = {}, wallMinutes = 0 } =
    used.get(kind === "account" || kind === "partition" ? `${kind} ${name}` : keys[kind]) ?? {}
  return limit === "wallMinutes" ? wallMinutes : (minutes[resource ?? ""] ?? 0)
}

/** At the end of which period it is below: use fades, and is reset, at whole periods. What is used by now is of the last one. */
function fadedAt(
  used: number,
  most: number,
  isBelow: (used: number) => boolean,
  { halfLifeS, periodMs, reset, timeZone }: UsagePolicy,
  nowMs: number,
): number | null {
  const left = decayOver(decayPerSecond(halfLifeS), periodMs / 1000)
  let periods =
    left === 1 || most <= 0 ? Number.POSITIVE_INFINITY : Math.max(1, Math.floor(Math.log(most / used) / Math.log(left)))
  while (periods !== Number.POSITIVE_INFINITY && !isBelow(used * left ** periods)) periods++
  const fadedMs = Math.floor(nowMs / periodMs) * periodMs + periods * periodMs
  const resetMs = nextUsageReset(reset, nowMs, timeZone)
  const untilMs = Math.min(fadedMs, resetMs === null ? fadedMs : Math.ceil(resetMs / periodMs) * periodMs)
  return untilMs === Number.POSITIVE_INFINITY ? null : untilMs
}
