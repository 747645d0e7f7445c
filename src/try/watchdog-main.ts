/** The process that outlives a killed trial for as long as it takes to tidy up after it. See watchdog.ts. */
import { text } from "node:stream/consumers"
import { removeTree } from "../workspace/remove-tree.ts"
import { processesGone, signalProcesses } from "./processes.ts"
import { ALL_TIDY } from "./watchdog.ts"

const LEAVE_MS = 5_000

const [folder = "", last] = (await text(process.stdin)).split("\n")
if (folder !== "" && last !== ALL_TIDY) {
  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    await signalProcesses(folder, signal)
    await processesGone(folder, LEAVE_MS)
  }
  await removeTree(folder)
}
