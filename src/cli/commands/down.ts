import { WindfallError } from "../../protocol/errors.ts"
import { path } from "../builtin.ts"
import { command } from "../command-line/command.ts"
import { flag, notEmpty, value } from "../command-line/option.ts"
import {
  dataFolder,
  isServerProcess,
  readServerNote,
  readServerPid,
  removeServerNote,
} from "../server-process/server-note.ts"

const STOP_MS = 30_000
const LOOK_MS = 50

export const down = command({
  name: "down",
  operands: "",
  about:
    "Stops the server that runs here: the one windfall up --detach left last, or else that of the data folder. Jobs that run go on; the queue waits for the next up.",
  minimum: 0,
  maximum: 0,
  options: {
    data: value("DIR", "the server of this data folder, where several run here", notEmpty),
    now: flag("kill it; everything acknowledged is on disk all the same"),
  },
  examples: [],
  async run(cli, options) {
    const note = readServerNote(cli.settings)
    const left = note !== undefined && isServerProcess(note.pid) ? note : undefined
    const asked = options.data === undefined ? undefined : path.resolve(cli.cwd, options.data)
    const isLeft = left !== undefined && (asked === undefined || asked === left.data)
    const server = isLeft ? { pid: left.pid, where: `at ${left.url}` } : serverOf(asked ?? dataFolder(cli.settings))
    if (left === undefined || isLeft) removeServerNote(cli.settings)
    if (server === undefined) {
      await cli.stdout.write("No server was left running here.\n")
      return 0
    }
    process.kill(server.pid, options.now ? "SIGKILL" : "SIGTERM")
    const startedAtMs = cli.clock.monotonicMs()
    while (isRunning(server.pid)) {
      if (cli.clock.monotonicMs() - startedAtMs > STOP_MS) {
        throw new WindfallError("internal", `Cannot stop the server: process ${server.pid} does not end`, {
          hint: "Kill it: windfall down --now",
        })
      }
      await cli.clock.sleep(LOOK_MS)
    }
    await cli.stdout.write(`The server ${server.where} has stopped. Start it again: windfall up --detach\n`)
    return 0
  },
})

/** The server that uses a data folder. A later `up` may have had another folder, and its note stands where this one's was. */
function serverOf(data: string): { readonly pid: number; readonly where: string } | undefined {
  const pid = readServerPid(data)
  return pid !== undefined && isServerProcess(pid) ? { pid, where: `of ${data}` } : undefined
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
