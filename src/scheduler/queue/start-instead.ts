import type { Calendar } from "../calendar/calendar.ts"
import type { PlanRequest } from "../calendar/plan-request.ts"
import type { KeptRoom } from "./earlier-turns.ts"
import type { Found } from "./found.ts"
import type { LineRequest } from "./line-request.ts"

/**
 * A start in place of what is kept for its job elsewhere: of that which would begin last, so that others of its tasks keep their times. Where these are
 * in its way it goes first: no host stands idle for a later task of the same array.
 * @param kept what is left of it stays in here
 * @param hasMore it is for a task for which nothing is kept, and takes the place of none where it can
 */
export function startInstead(
  calendar: Calendar,
  kept: KeptRoom[],
  { plan }: LineRequest,
  start: () => Found | null,
  hasMore: boolean,
): Found | null {
  const last = kept.reduce((latest, one) => (one.room.startMs >= latest.room.startMs ? one : latest))
  const found = startWithout(calendar, kept, hasMore ? [] : [last], plan, start, !hasMore)
  if (found !== null || (kept.length === 1 && !hasMore)) return found
  return startWithout(calendar, kept, kept, plan, start, !hasMore)
}

/**
 * @param away what is not to be in its way; of that all stays that has room beside it
 * @param takesPlace one of them goes in any case, the last
 */
function startWithout(
  calendar: Calendar,
  kept: KeptRoom[],
  away: readonly KeptRoom[],
  plan: PlanRequest,
  start: () => Found | null,
  takesPlace: boolean,
): Found | null {
  const near = away.filter((one) => isNearTo(plan, one))
  for (const { request, room } of near) calendar.giveBack(request.plan, room)
  const started = start()
  const gone = new Set<KeptRoom>()
  for (const one of near)
    if (started === null || calendar.hasRoom(one.request.plan, one.room, true))
      calendar.take(one.request.plan, one.room)
    else gone.add(one)
  if (started === null) return null
  if (gone.size === 0 && takesPlace) {
    const last = away.at(-1)!
    calendar.giveBack(last.request.plan, last.room)
    gone.add(last)
  }
  kept.splice(0, kept.length, ...kept.filter((one) => !gone.has(one)))
  return { ...started, gaveUp: [...gone].map(({ room }) => room) }
}

/** Whether it may be in the way of a start. */
function isNearTo({ asked, hasPieces }: PlanRequest, { request, room, own }: KeptRoom): boolean {
  if (own !== undefined) return own.isNear
  return request.plan.hasPieces || hasPieces || room.places.some((one) => asked.places.includes(one))
}
