import { existsSync } from "node:fs"
import { join } from "node:path"
import { formatAbout } from "../base/duration.ts"
import { type AgentContext, nameOf, tell } from "./agent-context.ts"
import type { Attempt } from "./attempt.ts"
import { withBallastSync } from "./ballast.ts"
import { writeDurably } from "./durable-file.ts"
import { membersOf } from "./owner/stop-trees.ts"
import { signalNumber } from "./stopping.ts"

/** In an attempt's folder once it was told that its time limit is near. */
const WARNED_FILE = "warned"

/** How long it may still run until it is to be warned; Infinity where it is not, or was. @param leftMs until its time limit */
export function untilWarningMs({ order, warned, phase, stop, status }: Attempt, leftMs: number): number {
  const { warning } = order ?? {}
  if (warning === undefined || warned || stop !== null || status !== null) return Number.POSITIVE_INFINITY
  // Before there is a command nobody would hear it.
  return phase === "running" ? leftMs - warning.beforeMs : Number.POSITIVE_INFINITY
}

export function wasWarned(folder: string): boolean {
  return existsSync(join(folder, WARNED_FILE))
}

/**
 * Tells an attempt that its time limit is near, once, whatever becomes of the limit and of this agent. That is on the disk before the signal
 * is sent: a crash between the two loses the warning, and never sends it twice. A stopped process hears it first thing when it goes on.
 */
export async function warn(context: AgentContext, attempt: Attempt, leftMs: number): Promise<void> {
  const { warning } = attempt.order ?? {}
  if (warning === undefined || attempt.warned) return
  attempt.warned = true
  const say = (message: string) => tell(context, attempt, { type: "notice", ...nameOf(attempt), message })
  try {
    const path = join(attempt.folder, WARNED_FILE)
    withBallastSync(context.folder.ballast, () => writeDurably(path, `${warning.signal}\n`))
    const members = membersOf(context, await context.platform.processes(), attempt)
    const told = warning.commandOnly ? members.slice(0, 1) : members
    for (const { pid } of told) signal(pid, warning.signal)
    if (told.length > 0) say(`Sent ${warning.signal}: ${formatAbout(leftMs)} are left of its time limit`)
  } catch (error) {
    say(`Cannot warn it before its time limit: ${(error as Error).message}`)
  }
}

function signal(pid: number, name: string): void {
  try {
    process.kill(pid, signalNumber(name))
  } catch {
    // Gone meanwhile.
  }
}
