import { type ChildProcessByStdio, spawn } from "node:child_process"
import { once } from "node:events"
import { createInterface } from "node:readline"
import type { Readable, Writable } from "node:stream"

/** A child process that is told things by lines and answers each by one line. It ends when its stdin does. */
export class LineProcess implements AsyncDisposable {
  readonly child: ChildProcessByStdio<Writable, Readable, Readable>
  readonly #answers: AsyncIterator<string>
  readonly #closed: Promise<unknown>
  #turn: Promise<unknown> = Promise.resolve()
  /** The last lines on stderr, and who waits for more. */
  readonly errors: string[] = []
  #onError: (() => void) | undefined

  constructor(command: readonly string[], env: Readonly<Record<string, string>>) {
    const [program = "", ...args] = command
    // Detached: Ctrl-C at a terminal must reach the lab alone, which then ends its hosts in order.
    this.child = spawn(program, args, { env: { ...env }, stdio: ["pipe", "pipe", "pipe"], detached: true })
    this.#closed = new Promise((resolve) => this.child.once("close", resolve))
    this.child.on("error", (error) => this.#note(error.message))
    this.child.stdin.on("error", () => {})
    this.#answers = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]()
    createInterface({ input: this.child.stderr }).on("line", (line) => this.#note(line))
  }

  get pid(): number {
    return this.child.pid ?? 0
  }

  /** Resolves with the next line it says. @throws when it ends instead */
  async answer(): Promise<string> {
    const { value, done } = await this.#answers.next()
    if (done)
      throw new Error(`${this.child.spawnargs.slice(0, 3).join(" ")} ended: ${this.errors.join("; ") || "silently"}`)
    return value
  }

  /** Says a line and waits for the answer to it. */
  tell(line: string): Promise<string> {
    const told = this.#turn.then(() => {
      this.child.stdin.write(`${line}\n`)
      return this.answer()
    })
    this.#turn = told.catch(() => {})
    return told
  }

  /** Resolves once a line on stderr matches. @throws when it ends, or a line matches `failure` */
  async saysOnStderr(pattern: RegExp, failure: RegExp): Promise<void> {
    let ended = false
    void this.#closed.then(() => {
      ended = true
      this.#onError?.()
    })
    while (!this.errors.some((line) => pattern.test(line))) {
      if (ended || this.errors.some((line) => failure.test(line)))
        throw new Error(`Cannot start ${this.child.spawnargs.join(" ")}: ${this.errors.join("; ")}`)
      await new Promise<void>((resolve) => {
        this.#onError = resolve
      })
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.child.pid === undefined) return
    this.child.stdin.end()
    if (this.child.exitCode === null && this.child.signalCode === null) await once(this.child, "exit")
    this.child.stdout.destroy()
    this.child.stderr.destroy()
  }

  #note(line: string): void {
    this.errors.push(line)
    if (this.errors.length > 400) this.errors.shift()
    this.#onError?.()
  }
}
