import type { PlanRequest } from "../calendar/plan-request.ts"

/** Whether there would be room on as many hosts as are asked for, for as long as nothing else starts: without what is kept for others. */
export function hasRoomAlone(plan: PlanRequest, nowMs: number): boolean {
  let free = 0
  for (const place of plan.asked.places) {
    const isClosed = plan.asked.closed[place]?.some(
      ({ startMs, endMs }) => startMs < nowMs + plan.asked.limitMs && endMs > nowMs,
    )
    if (isClosed !== true && plan.hasRoomNow(place)) free++
  }
  return free >= plan.asked.hosts
}
