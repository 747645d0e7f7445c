import { type ChildProcess, spawn } from "node:child_process"
import { statSync } from "node:fs"
import { join } from "node:path"
import { deferred } from "../base/deferred.ts"
import { WindfallError } from "../protocol/errors.ts"
import { FORKER_SOURCES } from "./forker-source.ts"
import { type HostFolder, makeHostFolder } from "./host-folder.ts"
import type { Platform } from "./platform/platform.ts"
import { SupervisorLines } from "./supervisor-lines.ts"
import { parseToldLine, type ToldLine } from "./supervisor-text.ts"
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
  readonly #token: string
  readonly #onLines: (lines: ToldLine[]) => void
  readonly #onRestart: () => void
  #child: ChildProcess | undefined
  /** The one in place comes last; a job can remove it, and what was forked before still writes to that. */
  #lines: SupervisorLines[] = []
  #closed = false
  #restarts = 0
  #requests: Buffer[] = []
  /** Names this agent's time: the next one's is another. */
  #agentInode = 0

  constructor(options: {
    folder: HostFolder
    platform: Platform
    clockOffsetMs: number
    /** Hexadecimal; known to this agent alone, its forker and supervisors. */
    token: string
    /** What supervisors say, in order, in the batches in which it arrived. */
    onLines: (lines: ToldLine[]) => void
    /** The forker had died and there is a new one: put again what has not started. */
    onRestart: () => void
  }) {
    this.#folder = options.folder
    this.#platform = options.platform
    this.#clockOffsetMs = options.clockOffsetMs
    this.#token = options.token
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
      // Asked whether or not the lock is free: a job can have removed the file that is locked.
      const holder = readHolder(this.#folder)
      if (holder !== null) await askToLeave(holder, this.#platform)
      const answer = await this.#spawn()
      if (answer.startsWith("ready ")) break
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
    this.#listen()
  }

  /** Whether this process is still written down as the agent. Where a job has removed that, requests make no folder. */
  get isNoted(): boolean {
    return inodeOf(join(this.#folder.run, "agent")) === this.#agentInode
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
    makeHostFolder(this.#folder)
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
    this.wake()
    for (const lines of this.#lines) lines.close()
    this.#lines = []
  }

  /** Requests of one moment leave in one write. */
  #write(fields: readonly (string | number)[]): void {
    if (this.#requests.push(...framed(fields)) > 2) return
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
    child.stdin.write(Buffer.concat(framed(["token", this.#token])))
    child.on("error", (error) => resolve(error.message))
    child.on("exit", () => {
      resolve(said)
      if (this.#child === child && !this.#closed && said.startsWith("ready ")) this.#restart()
    })
    this.#child = child
    return promise
  }

  /** Where its folder is gone, too, that is made anew. */
  async #spawnAgain(): Promise<string> {
    try {
      makeHostFolder(this.#folder)
    } catch (error) {
      return String(error)
    }
    return this.#spawn()
  }

  #restart(): void {
    this.#restarts++
    setTimeout(
      () => {
        if (this.#closed) return
        void this.#spawnAgain().then((answer) => {
          if (!answer.startsWith("ready ")) return this.#restart()
          this.#listen()
          this.#onRestart()
        })
      },
      Math.min(1_000, 10 * this.#restarts),
    )
  }

  #listen(): void {
    const path = join(this.#folder.run, "fifo")
    if (this.#lines.at(-1)?.inode === inodeOf(path)) return
    const tell = (texts: string[]) => {
      const lines = texts.map((text) => parseToldLine(text, this.#token)).filter((line) => line !== null)
      if (lines.length > 0) this.#onLines(lines)
    }
    this.#lines.push(new SupervisorLines(path, tell))
  }
}

/** A request as the forker reads it. */
function framed(fields: readonly (string | number)[]): [Buffer, Buffer] {
  const body = Buffer.from(fields.join("\0"))
  const head = Buffer.allocUnsafe(4)
  head.writeUInt32BE(body.length)
  return [head, body]
}

function inodeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.ino
}
