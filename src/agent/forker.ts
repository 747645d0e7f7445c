import { type ChildProcess, spawn } from "node:child_process"
import { closeSync, constants, openSync } from "node:fs"
import { Socket } from "node:net"
import { join } from "node:path"
import { deferred } from "../base/deferred.ts"
import { WindfallError } from "../protocol/errors.ts"
import { FORKER_SOURCES } from "./forker-source.ts"
import type { HostFolder } from "./host-folder.ts"
import type { Platform } from "./platform/platform.ts"
import { parseSupervisorLine, type SupervisorLine } from "./supervisor-text.ts"
import { askToLeave, readHolder, writeHolder } from "./takeover.ts"

/** Everything a supervisor must know to run one attempt. */
export interface RunRequest {
  readonly sequence: number
  readonly attempt: string
  readonly job: number
  readonly folder: string
  /**
   * The folder's inode: a late supervisor must not run in a later folder of the same name. `null` has the supervisor make
   * the folder, with this order and these secrets in it.
   */
  readonly inode: number | null
  readonly order: string
  /** "" for none. */
  readonly secrets: string
  /** By the clock that counts sleep. */
  readonly uptimeMs: number
  readonly stdinPath: string
  readonly workingFolder: string
  readonly graceMs: number
  /** The command is a PTY host: it writes the output files itself, as it must never wait. */
  readonly terminal: boolean
  readonly command: readonly string[]
  readonly environment: readonly string[]
}

// ulimit and umask here, once, for every job: both pass through fork and exec.
const WRAPPER = 'umask 077; ulimit -n 65536 2>/dev/null || ulimit -S -n "$(ulimit -H -n)"; exec "$@"'

/**
 * The persistent forker: one Perl process that forks a supervisor for each attempt, holding the lock of the run folder.
 * Supervisors outlive it. When it dies it is started again, and requests whose start was not seen can be put again:
 * only one supervisor gets the right to run.
 */
export class Forker {
  readonly #folder: HostFolder
  readonly #platform: Platform
  readonly #clockOffsetMs: number
  readonly #onLines: (lines: SupervisorLine[]) => void
  readonly #onRestart: () => void
  #child: ChildProcess | undefined
  #fifo: Socket | undefined
  #keptOpen: number | undefined
  #closed = false
  #rest = ""
  #restarts = 0
  #requests: Buffer[] = []
  /** Names this agent's time: the next one's is another. */
  #agentInode = 0

  constructor(options: {
    folder: HostFolder
    platform: Platform
    clockOffsetMs: number
    /** What supervisors say, in order, in the batches in which it arrived. */
    onLines: (lines: SupervisorLine[]) => void
    /** The forker had died and there is a new one: put again what has not started. */
    onRestart: () => void
  }) {
    this.#folder = options.folder
    this.#platform = options.platform
    this.#clockOffsetMs = options.clockOffsetMs
    this.#onLines = options.onLines
    this.#onRestart = options.onRestart
  }

  get pid(): number | undefined {
    return this.#child?.pid
  }

  /** Starts it and takes the run folder's lock, from an older agent if there is one. Afterwards this process is the agent. */
  async open(): Promise<void> {
    const deadline = performance.now() + 10_000
    while (true) {
      const answer = await this.#spawn()
      if (answer.startsWith("ready ")) break
      const holder = readHolder(this.#folder)
      if (holder !== null) await askToLeave(holder, this.#platform)
      // A forker ends with its agent; one that does not, holds our own lock file, says the system: it is ours to end.
      const busy = Number(/^busy (\d+)/.exec(answer)?.[1] ?? 0)
      if (busy > 1 && performance.now() > deadline - 7_000) process.kill(busy, "SIGKILL")
      if (performance.now() > deadline) {
        throw new WindfallError("internal", `Cannot start the forker: ${answer.trim() || "it ended at once"}`, {
          hint: "Is perl installed on this host (perl-base on Debian)?",
        })
      }
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    this.#agentInode = writeHolder(this.#folder, this.#platform)
    this.#openFifo()
  }

  run(request: RunRequest): void {
    const { sequence, attempt, job, folder, inode, order, secrets, stdinPath, workingFolder, command } = request
    const about = [sequence, attempt, job, folder, inode ?? 0, this.#agentInode, order, secrets]
    const around = [Math.round(request.uptimeMs), this.#folder.ballast, stdinPath, workingFolder]
    const { environment } = request
    const how = [Math.round(request.graceMs), request.terminal ? 1 : 0, command.length]
    this.#write(["run", ...about, ...around, ...how, ...command, ...environment])
  }

  /**
   * From now on requests put before make no folder: an attempt they were for can be put again without running twice.
   * @throws the system's error when the disk is full
   */
  voidRequests(): void {
    this.#agentInode = writeHolder(this.#folder, this.#platform)
  }

  /** Gives bytes of an output file back to the disk, where the file system can. */
  punch(path: string, offset: number, lengthBytes: number): void {
    this.#write(["punch", path, offset, lengthBytes])
  }

  /** Lets it go on where something has stopped it: a job can, they share the account. */
  wake(): void {
    this.#child?.kill("SIGCONT")
  }

  /** Lets the forker end. Supervisors go on. */
  close(): void {
    this.#closed = true
    this.#child?.stdin?.end()
    this.#fifo?.destroy()
    if (this.#keptOpen !== undefined) closeSync(this.#keptOpen)
    this.#keptOpen = undefined
  }

  /** Requests of one moment leave in one write. */
  #write(fields: readonly (string | number)[]): void {
    const body = Buffer.from(fields.join("\0"))
    const head = Buffer.allocUnsafe(4)
    head.writeUInt32BE(body.length)
    if (this.#requests.push(head, body) > 2) return
    queueMicrotask(() => {
      const requests = Buffer.concat(this.#requests)
      this.#requests = []
      this.#child?.stdin?.write(requests)
    })
  }

  #spawn(): Promise<string> {
    const { promise, resolve } = deferred<string>()
    const perl = [
      "/usr/bin/perl",
      "-e",
      FORKER_SOURCES[this.#platform.system],
      this.#folder.run,
      this.#platform.bootId,
      `${this.#clockOffsetMs}`,
      process.arch,
    ]
    const child = spawn("/bin/sh", ["-c", WRAPPER, "sh", ...perl], {
      cwd: "/",
      // Linux: what a library's function is found by is looked up once here, not again after each fork.
      env: { PATH: "/usr/bin:/bin", LC_ALL: "C", LD_BIND_NOW: "1" },
      stdio: ["pipe", "pipe", "pipe"],
    })
    let said = ""
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      said += text
      if (said.includes("\n")) resolve(said)
    })
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      said = (said + text).slice(-1000)
    })
    child.stdin.on("error", () => {})
    child.on("error", (error) => resolve(error.message))
    child.on("exit", () => {
      resolve(said)
      if (this.#child === child && !this.#closed && said.startsWith("ready ")) this.#restart()
    })
    this.#child = child
    return promise
  }

  #restart(): void {
    this.#restarts++
    setTimeout(
      () => {
        if (this.#closed) return
        void this.#spawn().then((answer) => (answer.startsWith("ready ") ? this.#onRestart() : this.#restart()))
      },
      Math.min(1_000, 10 * this.#restarts),
    )
  }

  #openFifo(): void {
    const path = join(this.#folder.run, "fifo")
    const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
    // A writer of our own, so that the end of the last supervisor is not the end of the stream.
    this.#keptOpen = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK)
    this.#fifo = new Socket({ fd, readable: true, writable: false })
    this.#fifo.setEncoding("latin1")
    this.#fifo.on("data", (text) => this.#take(String(text)))
    this.#fifo.on("error", () => {})
  }

  #take(text: string): void {
    const lines = (this.#rest + text).split("\n")
    this.#rest = lines.pop() ?? ""
    const parsed = lines.map(parseSupervisorLine).filter((line) => line !== null)
    if (parsed.length > 0) this.#onLines(parsed)
  }
}
