import { existsSync } from "node:fs"
import { join } from "node:path"
import { WindfallError } from "../protocol/errors.ts"
import type { AgentContext } from "./agent-context.ts"
import { noteShell, noteShellHost, readSecrets } from "./attempt-folder.ts"
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
      // In this order: a supervisor looks for the note when its status is written, and with one takes no other attempt.
      if (!existsSync(join(folder, "status"))) return
      throw new WindfallError("wrong_state", "Cannot open a shell: the job has just ended")
    },
    noteShellHost: (pid) => noteShellHost(folder, pid),
    // What is for a build alone is not for a shell beside it.
    env: () => {
      const { environment } = attempt
      return environmentOf(
        jobEnvironment(order, readSecrets(folder), context.jobHost, { folder, environment, builder: [] }),
      )
    },
  }
}
