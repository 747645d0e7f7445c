import { WindfallError } from "../../protocol/errors.ts"
import { command } from "../command-line/command.ts"
import { flag } from "../command-line/option.ts"
import { isServerProcess, readServerNote, removeServerNote } from "../server-process/server-note.ts"

const STOP_MS = 30_000
const LOOK_MS = 50

export const down = command({
  name: "down",
  operands: "",
  about:
    "Stops the server that windfall up --detach left running here. Jobs that run go on; the queue waits for the next up.",
  minimum: 0,
  maximum: 0,
  options: { now: flag("kill it; everything acknowledged is on disk all the same") },
  examples: [],
  async run(cli, options) {
    const note = readServerNote(cli.settings)
    if (note === undefined || !isServerProcess(note.pid)) {
      removeServerNote(cli.settings)
      await cli.stdout.write("No server was left running here.\n")
      return 0
    }
    process.kill(note.pid, options.now ? "SIGKILL" : "SIGTERM")
    const startedAtMs = cli.clock.monotonicMs()
    while (isRunning(note.pid)) {
      if (cli.clock.monotonicMs() - startedAtMs > STOP_MS) {
        throw new WindfallError("internal", `Cannot stop the server: process ${note.pid} does not end`, {
          hint: "Kill it: windfall down --now",
        })
      }
      await cli.clock.sleep(LOOK_MS)
    }
    removeServerNote(cli.settings)
    await cli.stdout.write(`The server at ${note.url} has stopped. Start it again: windfall up --detach\n`)
    return 0
  },
})

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
