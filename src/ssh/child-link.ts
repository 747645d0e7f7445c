import { type ChildProcess, spawn } from "node:child_process"
import type { Socket } from "node:net"

/** How a child process ended. */
export interface ChildExit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /** The last it said on stderr, for people and for telling failures apart. */
  readonly stderr: string
}

const STDERR_KEPT = 16 * 1024
/** How long a child may take to end after its stdin has; then it is killed. */
const LEAVE_MS = 2_000
/** Makes descriptor 3, a socket that goes both ways, the program's stdin and stdout; no ssh may open a dialog. */
const ON_ONE_SOCKET = 'export SSH_ASKPASS_REQUIRE=never; exec "$@" <&3 >&3 3>&-'

/**
 * A child process that is talked to over its stdin and stdout: ssh, or an agent on this very machine. Both are one
 * socket, which HTTP/2 can read without a detour through JavaScript. The child has a session of its own, so that Ctrl-C
 * in the server's terminal does not reach it and it cannot ask for a password there; it ends at the latest when the
 * socket does, also when the server is killed.
 */
export class ChildLink implements AsyncDisposable {
  readonly socket: Socket
  /** Settles once, also when the program could not be started at all. Never rejects. */
  readonly exited: Promise<ChildExit>
  readonly #child: ChildProcess
  #stderr = ""

  constructor(program: string, args: readonly string[]) {
    this.#child = spawn("/bin/sh", ["-c", ON_ONE_SOCKET, "sh", program, ...args], {
      stdio: ["ignore", "ignore", "pipe", "pipe"],
      detached: true,
    })
    this.socket = this.#child.stdio[3] as Socket
    // Writes to a child that has ended fail; that it has ended is told by `exited`.
    this.socket.on("error", () => {})
    this.#child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-STDERR_KEPT)
    })
    this.exited = new Promise((resolve) => {
      this.#child.on("error", (error) => {
        if (this.#child.pid === undefined) resolve({ code: 127, signal: null, stderr: error.message })
      })
      this.#child.on("exit", (code, signal) => {
        // stderr may be held open by what the child left behind: what has come by now is enough.
        setImmediate(() => {
          this.#child.stderr?.destroy()
          resolve({ code, signal, stderr: this.#stderr })
        })
      })
    })
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  /** Ends it now. */
  kill(): void {
    this.#child.kill("SIGKILL")
  }

  /** Closes its stdin and waits for its end, which is forced when it does not come. What it still says is dropped. */
  async end(): Promise<ChildExit> {
    if (!this.socket.destroyed) this.socket.end()
    this.socket.resume()
    const timer = setTimeout(() => this.kill(), LEAVE_MS)
    const exit = await this.exited
    clearTimeout(timer)
    this.socket.destroy()
    return exit
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end()
  }
}
