import type { Calendar } from "../calendar/calendar.ts"
import type { Line } from "./line.ts"
import type { LineRequest } from "./line-request.ts"
import type { WaitReason } from "./queue-plan.ts"

/**
 * Why who waits will not start any more: at the first time at which there is room it could not end by its deadline. `null`: it could, or has none. It
 * stands in nobody's way then.
 */
export function missesDeadline({ spec, limitMs }: Line, { plan }: LineRequest, calendar: Calendar): WaitReason | null {
  const { deadlineMs } = spec
  if (deadlineMs === null) return null
  const isMissed = (startMs: number) => startMs + limitMs > deadlineMs
  const { nowMs } = calendar.grid
  const isLate = isMissed(nowMs) || isMissed(calendar.find(plan, Number.POSITIVE_INFINITY)?.startMs ?? nowMs)
  return isLate ? { code: "deadline", deadlineMs, limitMs } : null
}
