import type { SuspendFor } from "../../protocol/aside-wire.ts"
import type { AgentContext } from "../agent-context.ts"
import type { Attempt } from "../attempt.ts"
import { SuspensionNotes } from "./suspension-notes.ts"

/**
 * Keeps what the server says of stopping an attempt for another job; what follows is done by the owner's watch, which knows whether people at the
 * host want it stopped, too. What is older than what is known counts for nothing, and a repeat is answered anew.
 */
export function orderAside(context: AgentContext, attempt: Attempt, { turn, for: job, text }: SuspendFor): void {
  const { suspension } = attempt
  const known = suspension.aside?.turn ?? 0
  if (turn < known || attempt.phase === "ended") return
  attempt.asideTold = 0
  if (turn > known) {
    const notes = new SuspensionNotes(context)
    notes.note(attempt, () => suspension.order(notes.where(attempt), { turn, for: job, text }))
  }
  context.changed()
}
