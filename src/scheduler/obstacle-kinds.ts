import type { Obstacle } from "./obstacle.ts"

/** What hosts' foremost obstacles are, for counting; also the order from near to far. */
const KINDS: readonly { readonly words: string; readonly codes: readonly Obstacle["code"][] }[] = [
  { words: "held for earlier jobs", codes: ["held_for_earlier"] },
  { words: "busy", codes: ["gpu_leased", "memory_leased", "cores_leased"] },
  { words: "short of memory", codes: ["memory_short", "memory_needed"] },
  { words: "kept apart for secrets", codes: ["secrets_apart"] },
  { words: "in use by somebody", codes: ["owner_here", "owner_away_too_short", "presence_unknown", "foreign_load"] },
  { words: "paused", codes: ["paused"] },
  { words: "outside its owner's hours", codes: ["outside_hours"] },
  { words: "saving power", codes: ["on_battery", "power_unknown", "low_power_mode"] },
  { words: "kept by bookings", codes: ["booked", "not_booked", "booking_to_come", "booking_over"] },
  { words: "connecting", codes: ["host_connecting"] },
  { words: "asleep", codes: ["host_asleep"] },
  { words: "withheld", codes: ["host_withheld"] },
  { words: "draining", codes: ["host_draining"] },
  { words: "not reachable", codes: ["host_down"] },
  { words: "not accepted", codes: ["host_refused"] },
]

/** How far a host with this code foremost is from taking the job; only to be compared. */
export function kindOf(code: Obstacle["code"] | undefined): number {
  return KINDS.findIndex(({ codes }) => codes.some((one) => one === code))
}

/**
 * "1 is asleep, 2 are busy", the nearest first.
 * @param codes of each host the foremost
 * @param isAll whether there are no other hosts
 */
export function countByKind(codes: readonly (Obstacle["code"] | undefined)[], isAll = true): string {
  const kinds = codes.map(kindOf)
  const parts = KINDS.flatMap(({ words }, kind) => {
    const count = kinds.filter((one) => one === kind).length
    const isEach = isAll && count === codes.length
    return count === 0 ? [] : [`${isEach ? "all" : count} ${count === 1 ? "is" : "are"} ${words}`]
  })
  return parts.join(", ")
}
