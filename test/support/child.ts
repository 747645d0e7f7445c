import { type ChildProcessByStdio, spawn } from "node:child_process"
import type { Readable, Writable } from "node:stream"

/** How a child ended and what it said. */
export interface Ended {
  /** 128 + n when signal n ended it, as a shell says it. */
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
  /** Standard output as bytes. */
  readonly stdoutBytes: Buffer
}

export interface ChildOptions {
  readonly cwd?: string
  /** Added to the environment; `undefined` takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** Given on standard input, which is then closed; without it standard input is /dev/null. */
  readonly input?: string | Uint8Array
  /** Keeps standard input open, to be written to by the caller. */
  readonly openInput?: boolean
  /** Ends the child with SIGKILL. */
  readonly signal?: AbortSignal
}

const SIGNAL_NUMBERS: Readonly<Record<string, number>> = { SIGHUP: 1, SIGINT: 2, SIGKILL: 9, SIGPIPE: 13, SIGTERM: 15 }

/** A child process whose output is kept and can be waited for. */
export class Child implements AsyncDisposable {
  readonly process: ChildProcessByStdio<Writable, Readable, Readable>
  readonly ended: Promise<Ended>
  readonly #stdout: Buffer[] = []
  readonly #stderr: Buffer[] = []
  #over = false
  #wake: (() => void)[] = []

  constructor(program: string, args: readonly string[], options: ChildOptions = {}) {
    const { cwd, env = {}, input, openInput = false, signal } = options
    const merged = Object.entries({ ...process.env, ...env }).filter(([, value]) => value !== undefined)
    // A group of its own: what a test sends to one child reaches no other.
    this.process = spawn(program, [...args], {
      stdio: ["pipe", "pipe", "pipe"],
      detached: true,
      env: Object.fromEntries(merged),
      ...(cwd === undefined ? {} : { cwd }),
      ...(signal === undefined ? {} : { signal, killSignal: "SIGKILL" }),
    })
    const { stdin, stdout, stderr } = this.process
    stdin.on("error", () => {})
    if (!openInput) stdin.end(input)
    stdout.on("data", (chunk: Buffer) => this.#add(this.#stdout, chunk))
    stderr.on("data", (chunk: Buffer) => this.#add(this.#stderr, chunk))
    this.ended = new Promise((resolve, reject) => {
      this.process.on("error", (error) => (error.name === "AbortError" ? undefined : reject(error)))
      this.process.on("close", (code, signalName) => {
        this.#over = true
        this.#tell()
        const exitCode = code ?? 128 + (SIGNAL_NUMBERS[signalName ?? ""] ?? 0)
        resolve({ exitCode, stdout: this.stdout, stderr: this.stderr, stdoutBytes: Buffer.concat(this.#stdout) })
      })
    })
    this.ended.catch(() => this.#tell())
  }

  get pid(): number {
    return this.process.pid ?? 0
  }

  get stdout(): string {
    return Buffer.concat(this.#stdout).toString()
  }

  get stderr(): string {
    return Buffer.concat(this.#stderr).toString()
  }

  /** Resolves when it has said so. @throws when it ends without */
  async says(pattern: RegExp | string, on: "stdout" | "stderr" = "stdout"): Promise<void> {
    const said = () => (typeof pattern === "string" ? this[on].includes(pattern) : pattern.test(this[on]))
    while (!said()) {
      if (this.#over) throw new Error(`It ended without saying ${pattern} on ${on}: ${this.stdout}\n${this.stderr}`)
      await new Promise<void>((resolve) => this.#wake.push(resolve))
    }
  }

  kill(signal: NodeJS.Signals): void {
    this.process.kill(signal)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#over) this.kill("SIGKILL")
    await this.ended.catch(() => {})
  }

  #add(to: Buffer[], chunk: Buffer): void {
    to.push(chunk)
    this.#tell()
  }

  #tell(): void {
    const wake = this.#wake
    this.#wake = []
    for (const resolve of wake) resolve()
  }
}
