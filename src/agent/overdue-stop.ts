import { type AgentContext, nameOf, tell } from "./agent-context.ts"
import type { Attempt, StopRequest } from "./attempt.ts"
import { inspectAttempt } from "./attempt-folder.ts"
import { endWithout, followLost } from "./ending.ts"
import { addDescendants } from "./sweep.ts"

/** What a supervisor may take after the grace: it gives up 5 s after its first SIGKILL. */
const LATE_MS = 8_000
const MESSAGE = "Its supervisor did not carry out the stop in time, so the agent of the host ended it"

/**
 * Ends what was to be stopped and whose supervisor has not done it in time: a job has the same account, so it can keep its
 * supervisor from hearing of the stop, or from going on. To be called now and then; repeats do no harm.
 */
export function endOverdue(context: AgentContext): void {
  for (const attempt of context.attempts.values()) {
    const { stop, phase, disowned } = attempt
    if (stop === null || disowned || (phase !== "running" && phase !== "sweeping")) continue
    if (performance.now() > attempt.stopDueMs + LATE_MS) void endInstead(context, attempt, stop)
  }
}

async function endInstead(context: AgentContext, attempt: Attempt, stop: StopRequest): Promise<void> {
  attempt.phase = "lost" // from here on nobody else ends it
  attempt.message = MESSAGE
  tell(context, attempt, { type: "notice", ...nameOf(attempt), message: `${MESSAGE} (attempt ${attempt.id})` })
  attempt.sweeping = true
  await endSupervisor(context, attempt)
  attempt.sweeping = false
  // The command may have ended by itself, and only that was not heard of.
  const ended = attempt.status !== null || inspectAttempt(attempt.folder).status !== null
  await (ended ? followLost(context, attempt) : endWithout(context, attempt, stop.cause))
}

/** Notes what is below the supervisor, which is known only as long as it lives, then kills it. Never throws. */
async function endSupervisor({ platform }: AgentContext, { id, supervisor, seen }: Attempt): Promise<void> {
  if (supervisor === null) return
  const { pid, start } = supervisor
  try {
    const table = await platform.processes()
    if (!platform.supervises(pid, start, id)) return
    const below = new Set([pid])
    addDescendants(table, below)
    for (const row of table) if (below.has(row.pid) && row.pid !== pid) seen.set(row.pid, row.start)
  } catch {
    // What carries its token is found all the same.
  }
  try {
    if (platform.supervises(pid, start, id)) process.kill(pid, "SIGKILL")
  } catch {
    // It has just ended.
  }
}
