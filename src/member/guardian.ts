import { type ChildProcess, spawn } from "node:child_process"

/** Waits for a word on standard input, or for its end. */
const SOURCE = 'read -r word || kill -9 "$1" 2>/dev/null'

/**
 * Kills a process when this one is gone, however it went: an engine must not go on, with its memory and its port, under nobody. A shell
 * with a pipe to here; its end is the sign.
 */
export class Guardian {
  readonly #shell: ChildProcess
  /** Resolves when it is gone. */
  readonly gone: Promise<void>

  constructor(pid: number) {
    this.#shell = spawn("/bin/sh", ["-c", SOURCE, "windfall-guardian", String(pid)], {
      stdio: ["pipe", "ignore", "ignore"],
      // What ends a whole group must not end this one first.
      detached: true,
    })
    this.gone = new Promise((resolve) => {
      this.#shell.once("error", () => resolve())
      this.#shell.once("close", () => resolve())
    })
    this.#shell.stdin?.on("error", () => {})
  }

  /** The process has ended: its number may soon be another's. */
  release(): void {
    this.#shell.stdin?.end("ended\n")
  }
}
