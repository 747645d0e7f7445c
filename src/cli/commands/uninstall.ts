import { WindfallError } from "../../protocol/errors.ts"
import { serverAtLogin, takeAway } from "../at-login/set-up.ts"
import { path } from "../builtin.ts"
import type { Cli } from "../cli.ts"
import { command } from "../command-line/command.ts"
import { flag, notEmpty, value } from "../command-line/option.ts"
import { askYes } from "../prompt.ts"
import { commandText } from "../render/job-text.ts"
import { renderTable } from "../render/table.ts"
import { printJson, say } from "../say.ts"
import { dataFolder, isServerProcess, readServerPid } from "../server-process/server-note.ts"
import { closeSshWay, openWays } from "../ssh-way/ssh-way.ts"
import { joinedHosts } from "../uninstall/joined-hosts.ts"
import { cliTraces, removeTraces, serverTraces, type Trace } from "../uninstall/traces.ts"

export const uninstall = command({
  name: "uninstall",
  operands: "",
  about:
    "Removes what the command line has put into this account: the installed program and its link, the login, what it remembers, its caches, the key and lines of ssh-config; and lists it. A clone is left alone. With --server also all that windfall up keeps: jobs, logs, files, users, secrets; refused while hosts are in its pool, as only the server can let them leave.",
  minimum: 0,
  maximum: 0,
  options: {
    server: flag("the server's data, too; it must have been stopped"),
    "abandon-hosts": flag("also with hosts in the pool: Windfall's folder and key stay there"),
    data: value("DIR", "where that server keeps everything (default ~/.local/share/windfall)", notEmpty),
    yes: flag("do not ask", { short: "y" }),
    json: flag("print each thing that goes as JSON"),
  },
  examples: [
    ["windfall uninstall", "an installed command line, from a colleague's machine; without a terminal with --yes"],
  ],
  async run(cli, options) {
    if (options.data !== undefined && !options.server) {
      throw new WindfallError("invalid_input", "Cannot remove a data folder only: it goes with --server", {
        hint: `windfall uninstall --server --data ${options.data}`,
      })
    }
    const data = path.resolve(cli.cwd, options.data ?? dataFolder(cli.settings))
    if (options.server) {
      checkStopped(data)
      if (!options["abandon-hosts"]) checkEmptyPool(data)
    }
    const item = options.server ? serverAtLogin(cli.settings, [], "") : undefined
    const ofServer = item === undefined ? [] : serverTraces(cli.settings, data, item.file)
    const traces = [...cliTraces(cli.settings), ...ofServer]
    if (traces.length === 0) {
      await cli.stdout.write(options.json ? "" : "There is nothing of Windfall in this account.\n")
      return 0
    }
    if (!options.json) await cli.stdout.write(traceTable(traces))
    if (!options.yes && !(await isWanted(cli, options.server))) return 2
    for (const socket of openWays(cli.settings)) closeSshWay({ socket })
    if (item !== undefined) await takeAway(item)
    const left = removeTraces(traces, cli.settings)
    if (options.json) {
      for (const trace of traces) {
        await printJson(cli, { what: trace.what, path: trace.path, removed: !isLeft(trace, left) })
      }
    }
    if (left.length > 0) {
      const [{ trace, reason } = { trace: { path: "" }, reason: "" }] = left
      throw new WindfallError("internal", `Cannot remove ${trace.path}: ${reason}`, {
        hint: `All else is gone. ${byHand(left.map((one) => one.trace))}`,
      })
    }
    if (!options.json)
      await cli.stdout.write(
        options.server
          ? "All of it is removed.\n"
          : "All of it is removed. A token stays good until it is revoked or expires.\n",
      )
    return 0
  },
})

/** @throws {WindfallError} wrong_state while a server runs there */
function checkStopped(data: string): void {
  const pid = readServerPid(data)
  if (pid === undefined || !isServerProcess(pid)) return
  throw new WindfallError("wrong_state", `Cannot remove ${data}: a server runs there (process ${pid})`, {
    hint: "Let its hosts leave (windfall host rm), then: windfall down",
  })
}

/** @throws {WindfallError} wrong_state while hosts are in the pool */
function checkEmptyPool(data: string): void {
  const hosts = joinedHosts(data)
  if (hosts.length === 0) return
  const named = hosts.slice(0, 5).join(", ") + (hosts.length > 5 ? ` and ${hosts.length - 5} more` : "")
  const what = hosts.length === 1 ? "a host is" : `${hosts.length} hosts are`
  throw new WindfallError("wrong_state", `Cannot remove ${data}: ${what} still in its pool (${named})`, {
    hint: `windfall up --detach; windfall host rm ${hosts[0]}${hosts.length > 1 ? " ..." : ""}; windfall down. Or with --abandon-hosts: each owner can then type sh ~/.windfall/leave there`,
  })
}

/** Where nobody can be asked, silence is no consent. */
async function isWanted(cli: Cli, server: boolean): Promise<boolean> {
  if (cli.isInteractive) {
    const what = server ? "Remove all of this, with every job, log, file and user of the server" : "Remove all of this"
    if (await askYes(cli, `${what}?`)) return true
    await cli.stderr.write("Nothing was changed.\n")
    return false
  }
  await say(cli, "nothing was removed: with --yes these go, and nothing else")
  return false
}

/** What a person does instead. A file that holds more than Windfall's is never named for rm. */
function byHand(traces: readonly Trace[]): string {
  const whole = traces.filter(({ takeOut }) => takeOut === undefined)
  const parts = traces.filter((trace) => !whole.includes(trace))
  return [
    ...(whole.length === 0 ? [] : [`Remove by hand: ${commandText(["rm", "-rf", ...whole.map((one) => one.path)])}`]),
    ...parts.map((one) => `Take Windfall's Include line out of ${one.path}`),
  ].join(". ")
}

function traceTable(traces: readonly Trace[]): string {
  const rows = traces.map((trace) => [trace.what, trace.path])
  return renderTable([{ title: "WHAT" }, { title: "WHERE" }], rows)
}

function isLeft(trace: Trace, left: ReturnType<typeof removeTraces>): boolean {
  return left.some((one) => one.trace === trace)
}
