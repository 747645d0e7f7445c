import type { Moment } from "../../presence/moment.ts"
import { type OwnerObstacle, ownerObstacleText } from "../../presence/obstacle.ts"
import type { Watch } from "../../presence/presence.ts"
import { presenceText } from "../../presence/presence-text.ts"
import { type Why, whyText } from "../../presence/why.ts"
import type { HostObstacle, HostPresence, OwnerReason } from "../../protocol/owner.ts"

/** Who is at the host, as its server is told. @param isWatched nobody is looked for where it is false */
export function hostPresence(
  now: Moment,
  watch: Watch | undefined,
  obstacles: readonly OwnerObstacle[],
  timeZone: string,
  isWatched: boolean,
): HostPresence {
  const told = { at: now.wallMs, obstacles: obstacles.map((one) => hostObstacle(one, now.wallMs, timeZone)) }
  if (!isWatched) return { ...told, state: "unwatched", since: now.wallMs, text: "nobody is looked for here" }
  if (watch === undefined) return { ...told, state: "unknown", since: now.wallMs, text: "nobody has looked yet" }
  const { presence, blind } = watch
  const isOld = blind !== null && presence.state !== "unknown"
  const seen = { state: presence.state, since: presence.since.wallMs, text: presenceText(presence, now) }
  return { ...told, ...seen, ...(isOld ? { blindSince: blind.since.wallMs } : {}) }
}

export const TELL_MS = 60_000

/** When a server is told who is at the host: once it is ready, whenever what keeps jobs from starting changes, and once a minute. */
export class PresenceNews {
  #key: string | null = null
  #toldMs = Number.NEGATIVE_INFINITY

  /** A server has begun to listen: it is told at once. */
  begin(): void {
    this.#key = ""
  }

  /** Whether this is to be told now; who asks tells it. */
  isDue(presence: HostPresence, { sleepCountingMs }: Moment): boolean {
    const key = presenceKey(presence)
    if (this.#key === null || (key === this.#key && sleepCountingMs - this.#toldMs < TELL_MS)) return false
    this.#key = key
    this.#toldMs = sleepCountingMs
    return true
  }
}

/** The same for as long as nothing changes that matters to whoever places jobs. */
function presenceKey({ state, blindSince, obstacles }: HostPresence): string {
  return JSON.stringify([
    state,
    blindSince !== undefined,
    obstacles.map(({ code, until }) => (LASTING.has(code) ? [code, until] : code)),
  ])
}

/** What ends at a time that was said, and not one that is reckoned anew at each look. */
const LASTING: ReadonlySet<string> = new Set(["paused", "outside_hours"])

/** Whether it is to be told that something else keeps an attempt stopped. What is seen has other words with every look. */
export function isOtherReason(before: OwnerReason, now: OwnerReason): boolean {
  return before.code !== now.code || (LASTING.has(now.code) && before.text !== now.text)
}

export function ownerReason(why: Why, wallMs: number, timeZone: string): OwnerReason {
  return { code: why.code, text: whyText(why, wallMs, timeZone) }
}

function hostObstacle(obstacle: OwnerObstacle, wallMs: number, timeZone: string): HostObstacle {
  const text = ownerObstacleText(obstacle, wallMs, timeZone)
  return { code: obstacle.code, text, until: endOf(obstacle, wallMs) }
}

function endOf(obstacle: OwnerObstacle, wallMs: number): number | null {
  switch (obstacle.code) {
    case "paused":
    case "outside_hours":
      return obstacle.untilMs
    case "owner_away_too_short":
      return wallMs + Math.max(0, obstacle.neededMs - obstacle.quietMs) + 1
    default:
      return null
  }
}

/**
 * When somebody showed, or said something, on the clock that counts sleep: what reactions are measured from.
 * @param saidAtMs when the lever was moved last
 */
export function signAtMs(why: Why, watch: Watch | undefined, now: Moment, saidAtMs: number): number {
  if (why.code === "paused" || why.code === "evicted") return saidAtMs
  // Somebody may have come with the first look that could not tell.
  if (why.code === "presence_unknown") return watch?.presence.since.sleepCountingMs ?? now.sleepCountingMs
  if (why.code !== "owner_here" || watch === undefined) return now.sleepCountingMs
  const isInput = why.sign.code === "input" || why.sign.code === "uncounted_input"
  return isInput ? (watch.input?.lastInputMs ?? now.sleepCountingMs) : watch.at.sleepCountingMs
}
