/**
 * A pseudo-terminal with a process in it, through node-pty's compiled part. Its JavaScript part is left aside: that drops
 * output which is still unread 200 ms after the process ended, and its writes hold up the event loop when the program
 * inside does not read.
 */
import { writeSync } from "node:fs"
import { createRequire } from "node:module"
import { ReadStream } from "node:tty"
import { WindfallError } from "../protocol/errors.ts"

/** The functions of pty.node 1.1 used here. */
interface NativePty {
  fork(
    file: string,
    args: readonly string[],
    env: readonly string[],
    cwd: string,
    columns: number,
    rows: number,
    uid: number,
    gid: number,
    utf8: boolean,
    helperPath: string,
    onExit: (exitCode: number, signal: number) => void,
  ): { readonly fd: number; readonly pid: number; readonly pty: string }
  resize(fd: number, columns: number, rows: number): void
}

export interface PtyOptions {
  readonly command: readonly [string, ...string[]]
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
  readonly columns: number
  readonly rows: number
}

export interface PtyExit {
  readonly exitCode: number | null
  readonly signal: number | null
}

export interface PtyEvents {
  onOutput(bytes: Buffer): void
  /** Said once, after all output: the process ended, and what it left unread has been read. */
  onExit(exit: PtyExit): void
}

/** After its process ended, output of processes it left behind is read until it rests this long, and no longer than that. */
const REST_AFTER_EXIT_MS = 100
const LAST_OUTPUT_MS = 1000
/** The program inside has not read its keys: they are tried again after this. */
const RETRY_WRITE_MS = 10

export class Pty {
  readonly pid: number
  /** The path of the terminal's device. */
  readonly tty: string
  readonly #native: NativePty
  readonly #fd: number
  readonly #reader: ReadStream
  readonly #events: PtyEvents
  readonly #input: { bytes: Uint8Array; written: () => void }[] = []
  #retry: NodeJS.Timeout | undefined
  #exit: PtyExit | undefined
  #rest: NodeJS.Timeout | undefined
  #ended = false

  /** @throws {WindfallError} `internal` when node-pty cannot be loaded or the system gives no terminal */
  constructor(options: PtyOptions, events: PtyEvents) {
    const { native, helperPath } = loadNativePty()
    this.#native = native
    this.#events = events
    const [file, ...args] = options.command
    const env = Object.entries(options.env).map(([name, value]) => `${name}=${value}`)
    const process = native.fork(
      file,
      args,
      env,
      options.cwd,
      options.columns,
      options.rows,
      -1,
      -1,
      true,
      helperPath,
      (exitCode, signal) => this.#exited(exitCode, signal),
    )
    this.pid = process.pid
    this.tty = process.pty
    this.#fd = process.fd
    this.#reader = new ReadStream(process.fd)
    this.#reader.on("data", (bytes: Buffer) => {
      events.onOutput(bytes)
      if (this.#exit !== undefined) this.#rest?.refresh()
    })
    // EIO is how Linux says that nobody has the other side open any more; macOS says it by an end.
    this.#reader.on("error", () => this.#drained())
    this.#reader.on("end", () => this.#drained())
  }

  /** Types bytes; `written` is called when the terminal has all of them, or can no longer have any. */
  write(bytes: Uint8Array, written: () => void): void {
    this.#input.push({ bytes, written })
    if (this.#input.length === 1) this.#flush()
  }

  resize(columns: number, rows: number): void {
    if (!this.#ended && this.#exit === undefined) this.#native.resize(this.#fd, columns, rows)
  }

  pause(): void {
    if (this.#exit === undefined) this.#reader.pause()
  }

  resume(): void {
    this.#reader.resume()
  }

  /** Signals the process's group, as a closing terminal window does; no effect once it ended. */
  signal(name: NodeJS.Signals): void {
    if (this.#exit !== undefined) return
    try {
      process.kill(-this.pid, name)
    } catch {
      // It has just ended: onExit follows.
    }
  }

  #flush(): void {
    this.#retry = undefined
    for (let first = this.#input[0]; first !== undefined; first = this.#input[0]) {
      if (!this.#ended) {
        const done = this.#tryWrite(first.bytes)
        if (done < first.bytes.length) {
          first.bytes = first.bytes.subarray(done)
          this.#retry = setTimeout(() => this.#flush(), RETRY_WRITE_MS)
          return
        }
      }
      this.#input.shift()
      first.written()
    }
  }

  #tryWrite(bytes: Uint8Array): number {
    try {
      return writeSync(this.#fd, bytes)
    } catch (error) {
      // EAGAIN: the program inside does not read. Anything else: it is gone, and nobody will ever read.
      return (error as NodeJS.ErrnoException).code === "EAGAIN" ? 0 : bytes.length
    }
  }

  #exited(exitCode: number, signal: number): void {
    this.#exit = signal > 0 ? { exitCode: null, signal } : { exitCode, signal: null }
    if (this.#ended) {
      this.#events.onExit(this.#exit)
      return
    }
    this.#reader.resume()
    this.#rest = setTimeout(() => this.#drained(), REST_AFTER_EXIT_MS)
    setTimeout(() => this.#drained(), LAST_OUTPUT_MS).unref()
  }

  #drained(): void {
    if (this.#ended) return
    this.#ended = true
    clearTimeout(this.#rest)
    clearTimeout(this.#retry)
    this.#reader.destroy()
    this.#flush()
    if (this.#exit !== undefined) this.#events.onExit(this.#exit)
  }
}

/** Why no terminal can be opened on this host at all; `null` when one can. */
export function terminalProblem(): WindfallError | null {
  try {
    loadNativePty()
    return null
  } catch (error) {
    return error as WindfallError
  }
}

function loadNativePty(): { native: NativePty; helperPath: string } {
  const require = createRequire(import.meta.url)
  const folder = `@lydell/node-pty-${process.platform}-${process.arch}`
  try {
    return {
      native: require(`${folder}/pty.node`) as NativePty,
      helperPath: process.platform === "darwin" ? require.resolve(`${folder}/spawn-helper`) : "",
    }
  } catch (cause) {
    throw new WindfallError("internal", `Cannot open a terminal: ${(cause as Error).message.split("\n")[0]}`, {
      hint: `Windfall needs the package ${folder} beside its agent for terminals; jobs without a terminal run all the same`,
      cause,
    })
  }
}
