import { type ChildProcess, spawn } from "node:child_process"
import type { Socket } from "node:net"
import { WindfallError } from "../protocol/errors.ts"
import type { AgentContext } from "./agent-context.ts"
import type { Attempt } from "./attempt.ts"
import { findSshPrograms, openSshFolder, WITHOUT_SSHD, writeSshConfig } from "./ssh-folder.ts"
import { terminalAttempt } from "./terminal-attempt.ts"

/** sshd greets at once; on a busy host it takes a moment to start. */
const GREETING_MS = 15_000
const STDERR_KEPT = 4_096
/** Makes descriptor 3, a socket that goes both ways, the program's stdin and stdout. */
const ON_ONE_SOCKET = 'exec "$@" <&3 >&3 3>&-'

export interface SshSession {
  /** What sshd reads and writes; its greeting is still to be read. */
  readonly socket: Socket
  readonly hostKey: string
}

/**
 * Starts an sshd of this account for one connection to an attempt: it listens nowhere, lets in one key, and whatever is started
 * through it is in the job's folder with the job's environment. It ends with its connection, and with the attempt at the latest.
 * @throws {WindfallError} wrong_state, host_refused with what sshd says
 */
export async function openSsh(context: AgentContext, attempt: Attempt, key: string): Promise<SshSession> {
  const target = terminalAttempt(context, attempt.sequence)
  if (target === null) throw new WindfallError("wrong_state", "Cannot open ssh to the job: it no longer runs here")
  const programs = findSshPrograms(context.folder.root)
  target.noteShell()
  const folder = await openSshFolder(target.folder, programs)
  const config = writeSshConfig(folder, programs, { key, work: target.work, env: target.env() })
  const child = spawn("/bin/sh", ["-c", ON_ONE_SOCKET, "sh", programs.sshd, "-i", "-e", "-f", config], {
    stdio: ["ignore", "ignore", "pipe", "pipe"],
    env: { PATH: "/usr/bin:/bin:/usr/sbin:/sbin" },
    detached: true,
  })
  attempt.beside.add(child)
  child.once("exit", () => attempt.beside.delete(child))
  const socket = child.stdio[3] as Socket
  try {
    await greeting(child, socket)
    // It may have ended while sshd started: then nobody else ends this one.
    if (!target.isRunning()) throw new WindfallError("wrong_state", "Cannot open ssh to the job: it has just ended")
    return { socket, hostKey: folder.hostKey }
  } catch (error) {
    child.kill()
    socket.destroy()
    throw error
  }
}

/** Ends what was started beside an attempt by {@link openSsh}; what came of it carries the attempt's token. */
export function endBeside({ beside }: Attempt): void {
  for (const child of beside) child.kill("SIGTERM")
}

function greeting(child: ChildProcess, socket: Socket): Promise<void> {
  let said = ""
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(-STDERR_KEPT)
  })
  return new Promise((resolve, reject) => {
    const refuse = (reason: string) => {
      clearTimeout(timer)
      reject(
        new WindfallError("host_refused", `Cannot open ssh to the job: the host's sshd says: ${reason}`, {
          hint: WITHOUT_SSHD,
        }),
      )
    }
    const timer = setTimeout(() => refuse("nothing"), GREETING_MS)
    socket.on("error", () => undefined)
    child.once("error", (error) => refuse(error.message))
    child.once("close", (code) => refuse(said.trim().split("\n").at(-1) || `nothing, and ends with ${code}`))
    socket.once("readable", () => {
      // An end is readable, too: then its exit tells.
      if (socket.readableLength === 0) return
      clearTimeout(timer)
      resolve()
    })
  })
}
