import { join } from "node:path"
import type { AgentContext } from "./agent-context.ts"
import { noteShell, readSecrets } from "./attempt-folder.ts"
import { environmentOf, jobEnvironment } from "./job-environment.ts"
import { hasTerminal } from "./launch.ts"
import type { TerminalAttempt } from "./terminal-route.ts"

/** An attempt as the terminals see it; `null` when it is not here or its order cannot be read. */
export function terminalAttempt(context: AgentContext, sequence: number): TerminalAttempt | null {
  const attempt = context.attempts.get(sequence)
  const order = attempt?.order
  if (attempt === undefined || order == null || !attempt.adopted) return null
  const { folder } = attempt
  return {
    folder,
    work: join(folder, "work", order.workingFolder),
    hasTerminal: hasTerminal(order),
    // One that is lost is being swept: what is opened beside it now would be found too late.
    isRunning: () => attempt.status === null && attempt.phase !== "ended" && attempt.phase !== "lost",
    noteShell: () => {
      noteShell(folder)
      attempt.hadShell = true
    },
    env: () => environmentOf(jobEnvironment(order, readSecrets(folder), context.jobHost, folder)),
  }
}
