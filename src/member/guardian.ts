import { type ChildProcess, spawn } from "node:child_process"
import type { Clock } from "../base/clock.ts"

/** Waits for a word on standard input, or for its end. */
const SOURCE = 'read -r word || kill -9 "$1" 2>/dev/null'
const ENDED_WORD = "ended\n"

/** A process that watches over another one. */
export interface Guard {
  readonly command: string
  readonly arguments: readonly string[]
  /** In this process's group, and heard where it is; else in a group of its own. */
  readonly isBeside: boolean
}

/** One that ends sooner than this is not followed at once: something here keeps them from running. */
const STEADY_MS = 1_000

/**
 * Kills a process when this one is gone, however it went: an engine must not go on, with its memory and its port, under nobody.
 * @param pid the engine's
 */
export function guardOfEngine(pid: number): Guard {
  return { command: "/bin/sh", arguments: ["-c", SOURCE, "windfall-guardian", String(pid)], isBeside: false }
}

/** A guard with a pipe to here, whose end is the sign that this process is gone. One that somebody else ends is followed by another one. */
export class Guardian {
  readonly #guard: Guard
  readonly #clock: Clock
  readonly #gone = Promise.withResolvers<void>()
  readonly #released = new AbortController()
  #process: ChildProcess

  constructor(guard: Guard, clock: Clock) {
    this.#guard = guard
    this.#clock = clock
    this.#process = this.#start()
  }

  /** Resolves when it was released and is gone. */
  get gone(): Promise<void> {
    return this.#gone.promise
  }

  /** Has it read something; nothing where it has not read what was said before. */
  say(word: string): void {
    const { stdin } = this.#process
    if (stdin?.writable === true && !stdin.writableNeedDrain) stdin.write(word)
  }

  /** What it watches over has ended: its number may soon be another's. */
  release(): void {
    this.#released.abort()
    this.#process.stdin?.end(ENDED_WORD)
  }

  #start(): ChildProcess {
    const beganMs = this.#clock.monotonicMs()
    const { command, arguments: words, isBeside } = this.#guard
    const guard = spawn(command, [...words], {
      stdio: ["pipe", isBeside ? "inherit" : "ignore", "ignore"],
      // What ends a whole group must not end an engine's guard first.
      detached: !isBeside,
    })
    guard.stdin?.on("error", () => {})
    const over = Promise.withResolvers<void>()
    guard.once("error", () => over.resolve())
    guard.once("close", () => over.resolve())
    void over.promise.then(() => this.#follow(beganMs))
    return guard
  }

  async #follow(startedMs: number): Promise<void> {
    const { signal } = this.#released
    for (let beganMs = startedMs; !signal.aborted; beganMs = this.#clock.monotonicMs()) {
      const restMs = STEADY_MS - (this.#clock.monotonicMs() - beganMs)
      if (restMs > 0) await this.#clock.sleep(restMs, { signal }).catch(() => {})
      if (signal.aborted) break
      try {
        this.#process = this.#start()
        return
      } catch {
        // No memory for a process: there may be some in a moment.
      }
    }
    this.#gone.resolve()
  }
}
