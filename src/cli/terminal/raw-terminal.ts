import { spawnSync } from "node:child_process"
import { writeSync } from "node:fs"
import { WindfallError } from "../../protocol/errors.ts"
import { TERMINAL_RESET } from "./terminal-reset.ts"

/**
 * The person's own terminal, handed over to a program elsewhere: keys come as bytes, output goes out as it comes. Whatever
 * ends this process short of SIGKILL, the terminal is put back as it was.
 */
export class RawTerminal implements Disposable {
  readonly #onKeys: (keys: Uint8Array) => void
  readonly #onResize: () => void
  readonly #restore = () => this.leave()
  readonly #resumed = () => this.#enter()
  #isRaw = false

  /**
   * @throws {WindfallError} invalid_input where standard input or output is no terminal
   */
  constructor(onKeys: (keys: Uint8Array) => void, onResize: () => void) {
    checkTerminal()
    this.#onKeys = onKeys
    this.#onResize = onResize
    process.on("exit", this.#restore)
    process.on("SIGCONT", this.#resumed)
    process.stdout.on("resize", onResize)
    process.stdin.on("data", onKeys)
    this.#enter()
    process.stdin.resume()
  }

  /** Puts the terminal back as it was. With `reset`, also what a program may have left in the terminal emulator. */
  leave({ reset = false } = {}): void {
    process.off("exit", this.#restore)
    process.off("SIGCONT", this.#resumed)
    process.stdout.off("resize", this.#onResize)
    process.stdin.off("data", this.#onKeys)
    if (!this.#isRaw) return
    this.#isRaw = false
    try {
      if (reset) writeSync(1, TERMINAL_RESET)
      process.stdin.pause()
      process.stdin.setRawMode(false)
    } catch {
      // The terminal itself is gone.
    }
  }

  /** No more keys for now: the person's typing waits in the system. */
  pause(): void {
    process.stdin.pause()
  }

  resume(): void {
    if (this.#isRaw) process.stdin.resume()
  }

  [Symbol.dispose](): void {
    this.leave()
  }

  #enter(): void {
    process.stdin.setRawMode(true)
    // Node leaves newline translation on, which moves the cursor under programs that have turned it off at their end.
    spawnSync("stty", ["-opost"], { stdio: ["inherit", "ignore", "ignore"] })
    if (this.#isRaw) this.#onResize()
    this.#isRaw = true
  }
}

/** @throws {WindfallError} invalid_input where standard input or output is no terminal */
export function checkTerminal(): void {
  const missing = !process.stdin.isTTY ? "input" : !process.stdout.isTTY ? "output" : null
  if (missing === null) return
  throw new WindfallError("invalid_input", `Cannot open a shell: standard ${missing} is not a terminal`, {
    hint: "To run a command without one: windfall send -- CMD",
  })
}

export function terminalSize(): { columns: number; rows: number } {
  const bounded = (side: number | undefined, fallback: number) => Math.min(side || fallback, 10_000)
  return { columns: bounded(process.stdout.columns, 80), rows: bounded(process.stdout.rows, 24) }
}
