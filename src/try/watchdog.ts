import { spawn } from "node:child_process"
import { once } from "node:events"
import { join } from "node:path"

/** Said last, when there is nothing left to end. */
export const ALL_TIDY = "tidy"

/**
 * Starts a process that ends whatever names `folder`, and removes the folder, if this process ends without having done it:
 * a kill -9 must not leave a server and an open login behind. All it waits for is the end of its standard input, which the
 * kernel closes with this process. Dispose of it last: it goes without doing anything.
 */
export function startWatchdog(folder: string): AsyncDisposable {
  // A session of its own, as what ends a whole group shall not end it. The folder is no argument, or it would name it itself.
  const child = spawn(
    process.execPath,
    ["--disable-warning=ExperimentalWarning", join(import.meta.dirname, "watchdog-main.ts")],
    { stdio: ["pipe", "ignore", "ignore"], detached: true },
  )
  const ended = once(child, "close").catch(() => {})
  // Without it all goes on; it is only missed when this process is killed.
  child.stdin.on("error", () => {})
  child.stdin.write(`${folder}\n`)
  return {
    async [Symbol.asyncDispose]() {
      child.stdin.end(`${ALL_TIDY}\n`)
      await ended
    },
  }
}
