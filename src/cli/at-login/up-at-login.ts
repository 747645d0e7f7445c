import type { Cli } from "../cli.ts"
import type { Login } from "../config.ts"
import { say } from "../say.ts"
import { isServerProcess, readServerPid } from "../server-process/server-note.ts"
import { stopServer } from "../server-process/stop-server.ts"
import { hostProof, proveAnswer, systemNotes } from "./prove.ts"
import { checkSystem, putInPlace, serverAtLogin, takeAway } from "./set-up.ts"
import { tryOptions } from "./try-options.ts"

/**
 * Before a first start that shows the first token: the system must be one that takes a login item, and a server that runs
 * on the data already makes room, once the options are known to be good. Its jobs go on.
 */
export async function beforeLogin(cli: Cli, options: readonly string[], data: string, logFile: string): Promise<void> {
  const item = serverAtLogin(cli.settings, options, logFile)
  await checkSystem(item)
  const pid = readServerPid(data)
  if (pid === undefined || !isServerProcess(pid)) return
  await tryOptions(cli, options, data)
  await stopServer(cli, pid, "SIGTERM")
  await say(cli, `the server that ran here (process ${pid}) has stopped, to be started by the system; its jobs go on`)
}

/** Hands the server over to the system, and proves that the one it starts answers. */
export async function startAtLogin(
  cli: Cli,
  options: readonly string[],
  logFile: string,
  way: Omit<Login, "token">,
): Promise<number> {
  const item = serverAtLogin(cli.settings, options, logFile)
  await putInPlace(item)
  await proveAnswer(cli, way, logFile)
  await cli.stdout.write(`It starts at login: ${item.file} (a ${item.name}). No longer: windfall up --at-login --off\n`)
  await say(cli, `the server that the system has started answers; ${await hostProof(cli, way.url)}`)
  for (const note of systemNotes(process.platform)) await say(cli, note)
  return 0
}

export async function offAtLogin(cli: Cli, options: readonly string[], logFile: string): Promise<number> {
  const item = serverAtLogin(cli.settings, options, logFile)
  const text = (await takeAway(item))
    ? `It no longer starts at login, and has stopped: ${item.file} is removed\n`
    : "No server starts at login here.\n"
  await cli.stdout.write(text)
  return 0
}
