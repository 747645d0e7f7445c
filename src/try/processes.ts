import { spawn } from "node:child_process"
import { text } from "node:stream/consumers"
import { setTimeout } from "node:timers/promises"

const LOOK_MS = 50
/** Command lines with their environment, of all processes that this account may look into. */
const WITH_ENVIRONMENT = process.platform === "darwin" ? ["-Eaxwwo", "command="] : ["axewwo", "args="]

/**
 * Resolves when no process names `folder` in its command line or environment any more, or after `limitMs`. Agents and
 * shells leave by themselves when their link ends; here nobody is left who would be told.
 */
export function processesGone(folder: string, limitMs: number): Promise<void> {
  return untilListed(WITH_ENVIRONMENT, (list) => !list.includes(folder), limitMs)
}

/** Resolves when process `pid` has no children, or after `limitMs`. */
export function childrenGone(pid: number, limitMs: number): Promise<void> {
  const isChild = (line: string) => Number(line) === pid
  return untilListed(["-axo", "ppid="], (list) => list !== "" && !list.split("\n").some(isChild), limitMs)
}

async function untilListed(args: readonly string[], holds: (list: string) => boolean, limitMs: number): Promise<void> {
  const endAt = performance.now() + limitMs
  while (performance.now() < endAt) {
    // A session of its own: Ctrl-C, pressed again and again while things are tidied up, must not end it.
    const ps = spawn("ps", args, { stdio: ["ignore", "pipe", "ignore"], detached: true })
    ps.on("error", () => {})
    if (holds(await text(ps.stdout))) return
    await setTimeout(LOOK_MS)
  }
}
