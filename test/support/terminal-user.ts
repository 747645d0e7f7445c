import { once } from "node:events"
import { mkdirSync } from "node:fs"
import { join } from "node:path"
import { Pty, type PtyExit } from "../../src/agent/pty.ts"
import type { Pool } from "./pool.ts"

const CLI_MAIN = join(import.meta.dirname, "../../src/cli/main.ts")
const LIMIT_MS = 60_000

/** Somebody at a real terminal: a shell line that may call `windfall`, keys typed, and what the screen got. */
export class TerminalUser implements AsyncDisposable {
  readonly #pty: Pty
  readonly #ended = Promise.withResolvers<PtyExit>()
  #changed = Promise.withResolvers<void>()
  #over = false
  /** Everything printed so far. */
  text = ""
  /** False stops the terminal from taking output, as a stuck window does. */
  #mark = 0

  /** Runs `line` by sh in a terminal; in it `windfall` is the command line of this pool. */
  constructor(pool: Pool, line: string, options: { readonly token?: string; readonly cwd?: string } = {}) {
    const home = pool.scratch.at("home")
    const project = join(home, "project")
    mkdirSync(project, { recursive: true })
    const windfall = `windfall() { '${process.execPath}' --disable-warning=ExperimentalWarning '${CLI_MAIN}' "$@"; }`
    this.#pty = new Pty(
      {
        command: ["/bin/sh", "-c", `${windfall}; ${line}`],
        cwd: options.cwd ?? project,
        columns: 90,
        rows: 25,
        env: {
          PATH: process.env.PATH ?? "/usr/bin:/bin",
          HOME: home,
          TERM: "xterm-256color",
          COLORTERM: "truecolor",
          WINDFALL_URL: pool.url,
          WINDFALL_TOKEN: options.token ?? pool.token,
        },
      },
      {
        onOutput: (bytes) => {
          this.text += bytes.toString("latin1")
          this.#wake()
        },
        onExit: (exit) => {
          this.#over = true
          this.#ended.resolve(exit)
          this.#wake()
        },
      },
    )
  }

  get pid(): number {
    return this.#pty.pid
  }

  type(keys: string): void {
    this.#pty.write(Buffer.from(keys), () => undefined)
  }

  resize(columns: number, rows: number): void {
    this.#pty.resize(columns, rows)
  }

  pause(): void {
    this.#pty.pause()
  }

  resume(): void {
    this.#pty.resume()
  }

  /** Waits until the screen shows something it did not when last looked at. Returns what matched. */
  async sees(expected: RegExp | string): Promise<string> {
    const pattern = typeof expected === "string" ? new RegExp(RegExp.escape(expected)) : expected
    const limit = AbortSignal.timeout(LIMIT_MS)
    const late = once(limit, "abort")
    for (;;) {
      const found = pattern.exec(this.text.slice(this.#mark))
      if (found !== null) {
        this.#mark += found.index + found[0].length
        return found[0]
      }
      const end = JSON.stringify(this.text.slice(-1500))
      if (limit.aborted) throw new Error(`Waited for ${pattern} in vain. The screen: ${end}`)
      if (this.#over) throw new Error(`The terminal closed without ${pattern}. The screen: ${end}`)
      await Promise.race([this.#changed.promise, late])
    }
  }

  ended(): Promise<PtyExit> {
    return this.#ended.promise
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#pty.signal("SIGKILL")
    await this.#ended.promise
  }

  #wake(): void {
    this.#changed.resolve()
    this.#changed = Promise.withResolvers()
  }
}
