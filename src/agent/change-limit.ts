import { type AgentContext, nameOf, tell } from "./agent-context.ts"
import type { Attempt } from "./attempt.ts"
import { rewriteOrder } from "./attempt-folder.ts"

/** Gives an attempt another time limit, counted from its start. A repeat changes nothing. */
export function changeLimit(context: AgentContext, attempt: Attempt, timeLimitMs: number | null): void {
  if (attempt.order === null) return
  attempt.order = { ...attempt.order, timeLimitMs }
  try {
    rewriteOrder(attempt.folder, attempt.order)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    const message = `The new limit of attempt ${attempt.id} holds only as long as this agent: ${reason}`
    tell(context, attempt, { type: "notice", ...nameOf(attempt), message })
  }
  context.changed()
}
