import { statSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as delay } from "node:timers/promises"
import { writeDurably } from "./durable-file.ts"
import type { HostFolder } from "./host-folder.ts"
import { readIfThere } from "./own-file.ts"
import type { Platform } from "./platform/platform.ts"

/** Who is the agent of a server's folder, as it wrote down itself. */
export interface AgentHolder {
  readonly pid: number
  readonly start: string
}

/** How long an older agent may take to leave before it is killed. What it leaves behind on disk is whole at any moment. */
const LEAVE_MS = 2_000

export function readHolder(folder: HostFolder): AgentHolder | null {
  const match = /^(\d+) (\d+)\n$/.exec(readIfThere(join(folder.run, "agent")) ?? "")
  return match === null ? null : { pid: Number(match[1]), start: match[2] ?? "" }
}

/** Notes down that this process is the agent, and returns the inode of the note. Only who holds the run folder's lock does this. */
export function writeHolder(folder: HostFolder, platform: Platform): number {
  const path = join(folder.run, "agent")
  writeDurably(path, `${process.pid} ${platform.ownStart()}\n`)
  return statSync(path).ino
}

/**
 * Ends another agent: asked by SIGTERM, on which an agent leaves at once, and killed when it has not gone in time.
 * Returns when it is gone. A process that merely has the same pid is left alone; so is one of which that cannot be told, which is not
 * waited for either: what keeps two agents apart is the lock, and who finds it taken asks again.
 */
export async function askToLeave(
  { pid, start }: AgentHolder,
  platform: Pick<Platform, "isAlive" | "isSurely">,
): Promise<void> {
  if (pid === process.pid || !platform.isSurely(pid, start)) return
  signal(pid, "SIGTERM")
  const killAt = performance.now() + LEAVE_MS
  for (let waitMs = 2; platform.isAlive(pid, start); waitMs = Math.min(waitMs * 2, 50)) {
    if (performance.now() > killAt) {
      if (!platform.isSurely(pid, start)) return
      signal(pid, "SIGKILL")
    }
    await delay(waitMs)
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch {
    // Gone meanwhile.
  }
}
