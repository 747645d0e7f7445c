import type { EffectivePolicy } from "../../presence/effective-policy.ts"
import { pausesOf } from "../../presence/move-lever.ts"
import { orderObstacles, ordersChangeAtMs, ownerObstacleText } from "../../presence/obstacle.ts"
import { publicText } from "../../presence/public-text.ts"
import type { HostFacts } from "../../protocol/host.ts"
import type { HostObstacle, Lever } from "../../protocol/owner.ts"
import type { FleetHost } from "../fleet/fleet-host.ts"

/** A pause is told by the clock on the wall, so its words get old. */
const WORDS_HOLD_MS = 3_600_000

/** What a host's owner and others have said of it, as far as that keeps jobs off just now. */
export interface HostOrders {
  readonly obstacles: readonly HostObstacle[]
  /** When they may be others by themselves; `null`: never. */
  readonly changeAt: number | null
}

export interface RuledHost {
  readonly facts: HostFacts | null
  readonly lever: Lever
  readonly policy: EffectivePolicy
}

/**
 * Pauses and hours, as the server itself reckons them: what was said here holds at once, before the host has told what follows
 * from it.
 */
export function ordersOf({ facts, lever, policy }: RuledHost, now: number): HostOrders {
  const timeZone = facts?.timeZone ?? "UTC"
  const orders = { now: { wallMs: now }, policy, pauses: pausesOf(lever), timeZone }
  const changeAt = ordersChangeAtMs(orders)
  const obstacles = orderObstacles(orders).map((obstacle) => ({
    code: obstacle.code,
    text: ownerObstacleText(obstacle, now, timeZone),
    until: "untilMs" in obstacle ? obstacle.untilMs : null,
  }))
  const words = obstacles.length === 0 ? null : now + WORDS_HOLD_MS
  return { obstacles, changeAt: changeAt === null || words === null ? (changeAt ?? words) : Math.min(changeAt, words) }
}

/**
 * What keeps jobs from starting on a host for the sake of people there: what was said, then what the host itself has seen. Of a host
 * that is not connected nobody asks who is there.
 */
export function obstaclesOf({
  record: { facts },
  link,
  orders,
  presence,
}: Pick<FleetHost, "record" | "link" | "orders" | "presence">): readonly HostObstacle[] {
  if (link !== "ready") return orders.obstacles
  if (presence === null) return facts?.platform === "darwin" ? [...orders.obstacles, NOT_TOLD] : orders.obstacles
  return [...orders.obstacles, ...presence.obstacles.filter(({ code }) => !ORDER_CODES.has(code))]
}

/** What follows from what was said: a host that has not heard the last word yet still tells of the one before. */
const ORDER_CODES: ReadonlySet<string> = new Set(["paused", "outside_hours"])

/** A Mac whose agent has not looked yet may be in use. */
const NOT_TOLD: HostObstacle = {
  code: "presence_unknown",
  text: "whether somebody is at it is not known: it has not told so yet",
  until: null,
}

/** As everybody in the pool may read it: who it is and by what they were noticed is their own business. */
export function publicObstacle({ code, text, until }: HostObstacle): HostObstacle {
  return { code, text: publicText(code, text), until }
}
