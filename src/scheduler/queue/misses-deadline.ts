import type { Calendar } from "../calendar/calendar.ts"
import type { Line } from "./line.ts"
import type { LineRequest } from "./line-request.ts"
import type { WaitReason } from "./queue-plan.ts"

/** Whether who begins then could not end by its deadline. */
export function endsLate({ spec: { deadlineMs }, limitMs }: Line, startMs: number): boolean {
  return deadlineMs !== null && startMs + limitMs > deadlineMs
}

/**
 * Why who waits will not start any more: at the first time at which there is room it could not end by its deadline. `null`: it could, or has none. It
 * stands in nobody's way then.
 */
export function missesDeadline(line: Line, { plan }: LineRequest, calendar: Calendar): WaitReason | null {
  const { deadlineMs } = line.spec
  if (deadlineMs === null) return null
  const { nowMs } = calendar.grid
  const firstMs = () => calendar.find(plan, Number.POSITIVE_INFINITY)?.startMs ?? nowMs
  const isLate = endsLate(line, nowMs) || endsLate(line, firstMs())
  return isLate ? { code: "deadline", deadlineMs, limitMs: line.limitMs } : null
}
