import { WindfallError } from "../../protocol/errors.ts"
import { path } from "../builtin.ts"
import { command } from "../command-line/command.ts"
import { flag, notEmpty, value } from "../command-line/option.ts"
import { type Login, readLogin, type Settings } from "../config.ts"
import { commandText } from "../render/job-text.ts"
import {
  dataFolder,
  isServerProcess,
  noteStopped,
  type RunningServer,
  readServerPid,
  runningServers,
} from "../server-process/server-note.ts"
import { stopServer } from "../server-process/stop-server.ts"

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
    const asked = options.data === undefined ? undefined : path.resolve(cli.cwd, options.data)
    const left = runningServers(cli.settings)
    const note = asked === undefined ? left[0] : left.find(({ data }) => data === asked)
    const server = note ?? unnoted(asked, dataFolder(cli.settings))
    if (server === undefined) throw noServer(cli.settings, asked)
    await stopServer(cli, server.pid, options.now ? "SIGKILL" : "SIGTERM")
    noteStopped(cli.settings, server.data)
    const where = server.url === undefined ? `of ${server.data}` : `at ${server.url}`
    const again = commandText(["windfall", "up", "--detach", ...server.options])
    await cli.stdout.write(`The server ${where} has stopped. Start it again: ${again}\n`)
    const [next] = left.filter(({ pid }) => pid !== server.pid)
    if (next !== undefined) {
      await cli.stdout.write(
        `Another one runs at ${next.url}. Stop it: ${commandText(["windfall", "down", "--data", next.data])}\n`,
      )
    }
    return 0
  },
})

type StoppedServer = Pick<RunningServer, "pid" | "data" | "options"> & { readonly url?: string }

/** A server that was not left by `up --detach`, or by another user of this account's folders: its data folder names it. */
function unnoted(asked: string | undefined, byDefault: string): StoppedServer | undefined {
  const data = asked ?? byDefault
  const pid = readServerPid(data)
  if (pid === undefined || !isServerProcess(pid)) return undefined
  return { pid, data, options: asked === undefined ? [] : ["--data", data] }
}

function noServer(settings: Settings, asked: string | undefined): WindfallError {
  const reason = asked === undefined ? "none was left running here" : `none runs on ${asked}`
  let login: Login | undefined
  try {
    login = readLogin(settings)
  } catch {
    // A damaged login is not what was asked about.
  }
  const used = login === undefined ? "" : `You are logged in to ${login.url}. `
  return new WindfallError("wrong_state", `Cannot stop a server: ${reason}`, {
    hint: `${used}One with a data folder of its own is stopped with: windfall down --data DIR`,
  })
}
