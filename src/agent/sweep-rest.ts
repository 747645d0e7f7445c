import type { AgentContext } from "./agent-context.ts"
import type { Attempt } from "./attempt.ts"
import { hiddenIn } from "./hidden.ts"
import { endBeside } from "./ssh-session.ts"
import { sweepByToken } from "./sweep.ts"

/** From TERM to KILL, for what outlives a command that has ended. */
const GRACE_MS = 1_000

/** Whether an attempt's supervisor can end all of its tree: on Linux it can, but not what a shell beside it has started. */
export function supervisorSweepsAll({ platform }: AgentContext, attempt: Attempt): boolean {
  return platform.sweepIsTotal && !attempt.hadShell
}

/**
 * Ends what is left of an attempt's tree where its supervisor could not end all of it, and notes what stays: before the end
 * is told, so that the host is not given to the next job. Never throws: what could not be looked for is told.
 * @param known numbers of processes its supervisor has just given up on
 */
export async function sweepRest(context: AgentContext, attempt: Attempt, known: readonly number[] = []): Promise<void> {
  attempt.sweeping = true
  endBeside(attempt)
  try {
    const { platform, leftovers } = context
    if (known.length > 0) {
      for (const row of await platform.processes()) if (known.includes(row.pid)) attempt.seen.set(row.pid, row.start)
    }
    const left = await sweepByToken(context, attempt, GRACE_MS)
    await leftovers.addStrays(attempt.id, left, true)
    await leftovers.addStrays(attempt.id, hiddenIn(await platform.processes(), context, attempt), false)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    const message = `Cannot look for what attempt ${attempt.id} left behind: ${reason}`
    context.link.send({ type: "notice", message })
  } finally {
    attempt.sweeping = false
  }
}
