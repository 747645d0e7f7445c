/**
 * `windfall try`: the whole way of a job on this one machine, with a server, a host and a folder that are gone
 * afterwards. It calls the same programs a person would; nothing here is a shortcut but the agent without ssh, where
 * no sshd can be had or the one there is lets nobody in.
 */
import { mkdtempSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { removeTree } from "../workspace/remove-tree.ts"
import { processesGone } from "./processes.ts"
import { Transcript } from "./transcript.ts"
import { tryOut } from "./trial.ts"
import { startWatchdog } from "./watchdog.ts"

const STOPPED = 130
const LEAVE_MS = 5_000

async function main(): Promise<number> {
  const stopping = new AbortController()
  // Taken to the very end: a second Ctrl-C must not cut the tidying short.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => stopping.abort(new Error(`stopped by ${signal}`)))
  }
  // `windfall try | head`, or a terminal that was closed: whatever was started must be ended all the same.
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", () => stopping.abort(new Error("nobody reads it any more")))
  }
  const transcript = new Transcript(process.stdout, () => performance.now())
  let exitCode = 0
  try {
    await using stack = new AsyncDisposableStack()
    const folder = makeFolder()
    stack.use(startWatchdog(folder))
    stack.defer(() => removeTree(folder))
    stack.defer(() => processesGone(folder, LEAVE_MS))
    // Caught before the tidying, which takes a moment: the reason is what people want to see first.
    exitCode = await tryOut(transcript, folder, stack, stopping.signal).catch(fail)
  } catch (error) {
    exitCode = fail(error)
  }
  return exitCode

  function fail(error: unknown): number {
    const { message } = (stopping.signal.aborted ? stopping.signal.reason : error) as Error
    transcript.say(`Cannot finish the trial: ${message}`)
    return stopping.signal.aborted ? STOPPED : 125
  }
}

/** Short, as sockets below it have paths of at most 104 bytes on a Mac; and plain, as sshd's configuration names it. */
function makeFolder(): string {
  const parent = /^[\w./+-]+$/.test(tmpdir()) ? tmpdir() : "/tmp"
  try {
    return mkdtempSync(join(parent, "windfall-try-"))
  } catch (cause) {
    const reason = `nothing can be written in ${parent} (${(cause as NodeJS.ErrnoException).code}); set TMPDIR`
    throw new Error(reason, { cause })
  }
}

process.exitCode = await main()
