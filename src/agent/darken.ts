import { type AgentContext, nameOf, tell } from "./agent-context.ts"
import type { Attempt } from "./attempt.ts"

/**
 * Puts the Mac's display to sleep when a job that leases the GPU has started, where the owner's rules and what is known of people there
 * allow it (presence/display.ts): a lit display lets macOS take the GPU away from long work. Once for each start: who comes and wakes
 * the display finds it left alone from then on.
 */
export function darkenFor(context: AgentContext, attempt: Attempt): void {
  const { platform, mayDarken } = context
  if ((attempt.order?.lease.gpus ?? 0) === 0 || mayDarken?.() !== true) return
  platform.darken?.().catch((error: Error) => {
    const message = `Cannot put the display to sleep for job ${attempt.job}: ${error.message.split("\n")[0]}`
    tell(context, attempt, { type: "notice", ...nameOf(attempt), message })
  })
}
