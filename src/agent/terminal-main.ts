/**
 * The PTY host as a process: `node agent.mjs terminal-host CONFIG COMMAND...`. It is an attempt's command, started by its
 * supervisor (or, for a shell beside a job, started by the agent), and outlives agent and link. Its standard output
 * is the attempt's log, its exit status the program's.
 */
import { chmodSync, existsSync, rmSync, writeSync } from "node:fs"
import { constants } from "node:os"
import { dirname, join } from "node:path"
import type { TerminalExit } from "../protocol/terminal.ts"
import { programEnv, type TerminalHostConfig } from "./terminal-command.ts"
import { TerminalHost } from "./terminal-host.ts"
import { shortSocketPath } from "./terminal-socket.ts"
import { killSession } from "./terminal-sweep.ts"
import { usableTerm } from "./terminfo.ts"

/** The supervisor signals every process of the tree, so the program has had these already: the PTY host waits for its end. */
const SENT_TO_ALL = ["SIGTERM", "SIGINT", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGALRM"] as const
const LOOK_MS = 500
/** From hanging up to killing, where the job beside has ended. */
const HANGUP_GRACE_MS = 2000

/** Runs a PTY host to its end, which is the end of this process. `args` are those after {@link TERMINAL_HOST_ARGUMENT}. */
export async function runTerminalHost(
  args: readonly string[],
  processEnv: Readonly<Record<string, string | undefined>>,
): Promise<never> {
  try {
    const [config, command] = readArguments(args)
    const env = programEnv(processEnv)
    const problem = commandProblem(command[0], env.PATH ?? "")
    if (problem !== null) {
      writeSync(2, `windfall: ${problem}\n`)
      process.exit(127)
    }
    if (config.size !== null) env.TERM = usableTerm(env.TERM ?? "", env.HOME)
    return endAs(await serve(config, command, env))
  } catch (error) {
    writeSync(2, `windfall: ${error instanceof Error ? error.message : String(error)}\n`)
    process.exit(126)
  }
}

async function serve(
  config: TerminalHostConfig,
  command: readonly [string, ...string[]],
  env: Readonly<Record<string, string>>,
): Promise<TerminalExit> {
  const host = new TerminalHost({
    command,
    env,
    cwd: process.cwd(),
    size: config.size,
    record: recorder(),
    abandonMs: config.abandonMs,
  })
  for (const signal of SENT_TO_ALL) process.on(signal, () => undefined)
  process.on("SIGHUP", () => host.signal("SIGHUP"))
  // A shell that reads keys ignores TERM, and ends when its terminal is hung up.
  if (config.interactive) process.on("SIGTERM", () => host.signal("SIGHUP"))
  if (config.endsWith !== null) watch(config.endsWith, host)
  const short = shortSocketPath(config.socketPath)
  rmSync(short.path, { force: true })
  await host.listen(short.path)
  chmodSync(short.path, 0o600)
  const exit = await host.ended
  short.close()
  if (config.endsWith !== null && host.program !== undefined) killSession(host.program.pid, host.program.tty)
  return exit
}

/** Writes output to the log, which is a file: never waits. What the disk refuses is said once and left out to the end. */
function recorder(): (bytes: Uint8Array) => void {
  let recorded = 0
  let broken = false
  return (bytes) => {
    if (broken) return
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(1, bytes, at)
      recorded += bytes.length
    } catch (error) {
      broken = true
      try {
        writeSync(
          2,
          `windfall: the record of this terminal ends after ${recorded} bytes: ${(error as Error).message}\n`,
        )
      } catch {
        // The same full disk.
      }
    }
  }
}

function watch(path: string, host: TerminalHost): void {
  const folder = dirname(path)
  let since = 0
  const timer = setInterval(() => {
    if (!existsSync(path) && existsSync(folder)) return
    since += LOOK_MS
    host.signal(since > HANGUP_GRACE_MS ? "SIGKILL" : "SIGHUP")
  }, LOOK_MS)
  void host.ended.then(() => clearInterval(timer))
}

/** Ends this process the way the program in the terminal ended, so that the supervisor sees what it would have seen. */
async function endAs(exit: TerminalExit): Promise<never> {
  const name = Object.entries(constants.signals).find(([, number]) => number === exit.signal)?.[0]
  if (name !== undefined) {
    process.removeAllListeners(name)
    // Signals that leave a core file must not leave one of the PTY host among the job's files.
    process.chdir("/")
    process.kill(process.pid, name as NodeJS.Signals)
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  process.exit(exit.exitCode ?? 128 + (exit.signal ?? 0))
}

/** Said before the terminal opens, as node-pty has no way to tell why a program did not start. */
function commandProblem(file: string, path: string): string | null {
  if (file.includes("/")) return existsSync(file) ? null : `${file}: no such file in the workspace or on this host`
  const found = path.split(":").some((folder) => existsSync(join(folder, file)))
  return found ? null : `${file}: command not found on this host (PATH=${path})`
}

function readArguments(args: readonly string[]): [TerminalHostConfig, readonly [string, ...string[]]] {
  const [config, file, ...rest] = args
  if (config === undefined || file === undefined) throw new SyntaxError("the terminal host lacks its arguments")
  return [JSON.parse(config) as TerminalHostConfig, [file, ...rest]]
}
