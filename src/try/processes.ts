import { spawn } from "node:child_process"
import { text } from "node:stream/consumers"
import { setTimeout } from "node:timers/promises"

const LOOK_MS = 50
/** Command lines with their environment, of all processes that this account may look into. */
const WITH_ENVIRONMENT = process.platform === "darwin" ? ["-Eaxwwo", "pid=,command="] : ["axewwo", "pid=,args="]

/**
 * Resolves when no process names `folder` in its command line or environment any more, or after `limitMs`. Agents and
 * shells leave by themselves when their link ends; here nobody is left who would be told.
 */
export function processesGone(folder: string, limitMs: number): Promise<void> {
  return untilListed(WITH_ENVIRONMENT, (list) => !list.includes(folder), limitMs)
}

/** Sends a signal to all processes that name `folder`, which is then somebody's own, so that no stranger does. */
export async function signalProcesses(folder: string, signal: NodeJS.Signals): Promise<void> {
  const lines = (await listed(WITH_ENVIRONMENT)).split("\n").filter((line) => line.includes(folder))
  for (const pid of lines.map((line) => Number.parseInt(line, 10))) {
    try {
      process.kill(pid, signal)
    } catch {
      // It has just ended.
    }
  }
}

/** Resolves when process `pid` has no children, or after `limitMs`. */
export function childrenGone(pid: number, limitMs: number): Promise<void> {
  const isChild = (line: string) => Number(line) === pid
  return untilListed(["-axo", "ppid="], (list) => list !== "" && !list.split("\n").some(isChild), limitMs)
}

async function untilListed(args: readonly string[], holds: (list: string) => boolean, limitMs: number): Promise<void> {
  const endAt = performance.now() + limitMs
  while (performance.now() < endAt) {
    if (holds(await listed(args))) return
    await setTimeout(LOOK_MS)
  }
}

/** What ps says; "" where it says nothing. */
function listed(args: readonly string[]): Promise<string> {
  // A session of its own: Ctrl-C, pressed again and again while things are tidied up, must not end it.
  const ps = spawn("ps", args, { stdio: ["ignore", "pipe", "ignore"], detached: true })
  ps.on("error", () => {})
  return text(ps.stdout)
}
