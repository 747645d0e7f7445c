import { existsSync } from "node:fs"
import { constants } from "node:os"
import { join } from "node:path"
import { type AgentContext, nameOf, tell } from "./agent-context.ts"
import type { Attempt, StopRequest } from "./attempt.ts"
import { writeStop } from "./attempt-folder.ts"

/**
 * Ends an attempt. The request is on the disk before any signal is sent, so that the verdict is right whatever crashes: a
 * command that ended by itself before keeps its own exit. The supervisor carries it out; a second request can shorten the grace.
 * One that does not is seen to by `endOverdue`.
 */
export function stopAttempt(context: AgentContext, attempt: Attempt, stop: StopRequest): void {
  if (attempt.phase === "ended" || attempt.phase === "lost") return
  // The supervisor may see only the last of two requests: so each carries what is left of the shortest grace.
  const now = performance.now()
  attempt.stopDueMs = Math.min(attempt.stopDueMs, now + stop.graceMs)
  const shortest: StopRequest = { ...stop, graceMs: Math.max(0, Math.round(attempt.stopDueMs - now)) }
  attempt.stop = shortest
  if (attempt.phase === "preparing") attempt.abort?.abort(new Error("stopped"))
  // While the forker is asked there may be no folder yet to write it into: at its start it is taken up again.
  else if (attempt.phase !== "launching") carryOut(context, attempt, shortest)
}

/** Writes a stop down and has the supervisor look. */
export function carryOut(context: AgentContext, attempt: Attempt, stop: StopRequest): void {
  try {
    writeStop(attempt.folder, { ...stop, signal: signalNumber(signalFor(attempt, stop)) }, context.folder.ballast)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    const message = `Cannot ask for the end of attempt ${attempt.id}: ${reason}. It is ended without asking`
    tell(context, attempt, { type: "notice", ...nameOf(attempt), message })
    return
  }
  poke(context, attempt)
}

/**
 * What asks for the end now. Before its command has begun what runs is ours, at the gate or building an environment: it knows no signal of the
 * job's choice, and one that is ignored where nobody asks for it would be waited for until the grace is over.
 */
function signalFor({ order, gate, folder }: Attempt, { signal }: StopRequest): string {
  const isBefore = (order?.member !== undefined && gate.went === null) || existsSync(join(folder, "building"))
  return isBefore && signal !== "SIGKILL" ? "SIGTERM" : signal
}

/** Has the supervisor look at its `stop` file. */
export function poke(context: AgentContext, attempt: Attempt): void {
  if (wake(context, attempt)) signalSupervisor(attempt, "SIGUSR1")
}

/** Lets the supervisor go on where something has stopped it; otherwise it notices nothing. Returns whether it is there, and has this attempt. */
export function wake(context: AgentContext, attempt: Attempt): boolean {
  const { supervisor, id } = attempt
  if (supervisor === null || !context.platform.supervises(supervisor.pid, supervisor.start, id)) return false
  signalSupervisor(attempt, "SIGCONT")
  return true
}

function signalSupervisor({ supervisor }: Attempt, signal: NodeJS.Signals): void {
  if (supervisor === null) return
  try {
    process.kill(supervisor.pid, signal)
  } catch {
    // Ended meanwhile: its status is on its way.
  }
}

/** The number of a signal on this system, by "SIGTERM" or "TERM"; an unknown name means SIGTERM. */
export function signalNumber(name: string): number {
  const full = name.startsWith("SIG") ? name : `SIG${name}`
  const numbers: Readonly<Record<string, number>> = constants.signals
  return numbers[full] ?? constants.signals.SIGTERM
}
