import { type ChildProcess, spawn } from "node:child_process"
import type { Clock } from "../base/clock.ts"

/** Waits for a word on standard input, or for its end. */
const SOURCE = 'read -r word || kill -9 "$1" 2>/dev/null'
/** One that ends sooner than this is not followed at once: something here keeps them from running. */
const STEADY_MS = 1_000

/**
 * Kills a process when this one is gone, however it went: an engine must not go on, with its memory and its port, under nobody. A shell
 * with a pipe to here; its end is the sign. A shell that somebody else ends is followed by another one.
 */
export class Guardian {
  readonly #pid: number
  readonly #clock: Clock
  readonly #gone = Promise.withResolvers<void>()
  readonly #released = new AbortController()
  #shell: ChildProcess

  constructor(pid: number, clock: Clock) {
    this.#pid = pid
    this.#clock = clock
    this.#shell = this.#start()
  }

  /** Resolves when it was released and is gone. */
  get gone(): Promise<void> {
    return this.#gone.promise
  }

  /** The process has ended: its number may soon be another's. */
  release(): void {
    this.#released.abort()
    this.#shell.stdin?.end("ended\n")
  }

  #start(): ChildProcess {
    const beganMs = this.#clock.monotonicMs()
    const shell = spawn("/bin/sh", ["-c", SOURCE, "windfall-guardian", String(this.#pid)], {
      stdio: ["pipe", "ignore", "ignore"],
      // What ends a whole group must not end this one first.
      detached: true,
    })
    shell.stdin?.on("error", () => {})
    const over = Promise.withResolvers<void>()
    shell.once("error", () => over.resolve())
    shell.once("close", () => over.resolve())
    void over.promise.then(() => this.#follow(beganMs))
    return shell
  }

  async #follow(startedMs: number): Promise<void> {
    const { signal } = this.#released
    for (let beganMs = startedMs; !signal.aborted; beganMs = this.#clock.monotonicMs()) {
      const restMs = STEADY_MS - (this.#clock.monotonicMs() - beganMs)
      if (restMs > 0) await this.#clock.sleep(restMs, { signal }).catch(() => {})
      if (signal.aborted) break
      try {
        this.#shell = this.#start()
        return
      } catch {
        // No memory for a process: there may be some in a moment.
      }
    }
    this.#gone.resolve()
  }
}
