import type { AgentContext } from "./agent-context.ts"
import type { Attempt } from "./attempt.ts"
import { endWithout } from "./ending.ts"

/**
 * Ends an attempt whose host was started anew while it ran: `host_crashed` where the system before was not shut down in an orderly
 * way, as far as this one can tell, else `host_restarted`.
 */
export async function endAfterRestart(context: AgentContext, attempt: Attempt): Promise<void> {
  if (attempt.sweeping) return
  attempt.sweeping = true // this agent must not leave meanwhile
  try {
    const { platform, clock } = context
    // The system dates its files by its own clock.
    const sinceMs = (attempt.startedAt ?? 0) - clock.offsetMs()
    const end = await platform.lastEnd?.(sinceMs).catch(() => undefined)
    if (end?.crashed === true)
      attempt.message = `The Mac crashed while it ran${end.what === null ? "" : `: ${end.what}`}`
    await endWithout(context, attempt, end?.crashed === true ? "host_crashed" : "host_restarted")
  } finally {
    attempt.sweeping = false
    context.changed()
  }
}
