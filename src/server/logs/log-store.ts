import { existsSync, rmSync } from "node:fs"
import type { Clock } from "../../base/clock.ts"
import type { JobId } from "../../protocol/ids.ts"
import { AttemptLog } from "./attempt-log.ts"
import type { LogContext } from "./log-context.ts"
import { logFolder } from "./log-folders.ts"
import { OpenFiles } from "./open-files.ts"
import type { LogLimits } from "./order-index.ts"

export interface LogStoreOptions {
  readonly folder: string
  readonly limits: LogLimits
  readonly clock: Clock
  /** Called with true when more waits to be written than memory should hold, with false when that is over. */
  readonly onPressure: (tooMuch: boolean) => void
  /** Called when the disk refuses. */
  readonly onTrouble: (error: unknown) => void
}

const HIGH_BYTES = 32 * 1024 * 1024
const LOW_BYTES = 8 * 1024 * 1024
const OPEN_FILES = 256

/** The output of all attempts, in files of their own. */
export class LogStore implements AsyncDisposable {
  readonly #options: LogStoreOptions
  readonly #files = new OpenFiles(OPEN_FILES)
  readonly #context: LogContext
  /** Logs that are not complete. */
  readonly #live = new Map<string, AttemptLog>()
  #pendingBytes = 0
  #pressed = false

  constructor(options: LogStoreOptions) {
    this.#options = options
    this.#context = {
      files: this.#files,
      limits: options.limits,
      clock: options.clock,
      onPending: (bytes) => this.#count(bytes),
      onTrouble: options.onTrouble,
    }
  }

  /** The log of an attempt, or of its member with this rank, whose output may still come. The same object until {@link settle}. */
  live(job: JobId, number: number, rank = 0): AttemptLog {
    const folder = this.#folderOf(job, number, rank)
    let log = this.#live.get(folder)
    if (log === undefined) {
      log = new AttemptLog(folder, this.#context)
      this.#live.set(folder, log)
    }
    return log
  }

  /** As {@link live}, where some of it was already looked at in this run. */
  liveIfOpen(job: JobId, number: number, rank = 0): AttemptLog | undefined {
    return this.#live.get(this.#folderOf(job, number, rank))
  }

  /** The log of any attempt, for reading. `ended`: nothing more will come, unless it is live in this process. */
  read(job: JobId, number: number, ended: boolean, rank = 0): AttemptLog {
    const folder = this.#folderOf(job, number, rank)
    const live = this.#live.get(folder)
    if (live !== undefined) return live
    if (!ended) return this.live(job, number, rank)
    const log = new AttemptLog(folder, this.#context)
    log.finish(null)
    return log
  }

  /** Where they all lie. */
  get folder(): string {
    return this.#options.folder
  }

  /** Whether there is anything of an attempt's output. */
  has(job: JobId, number: number, rank = 0): boolean {
    const folder = this.#folderOf(job, number, rank)
    return this.#live.has(folder) || existsSync(folder)
  }

  /** Removes the log of an attempt that has ended. Who reads it just now finds the rest not kept. */
  remove(job: JobId, number: number, rank = 0): void {
    const folder = this.#folderOf(job, number, rank)
    this.#files.closeIn(folder)
    rmSync(folder, { recursive: true, force: true })
  }

  /** Whether more waits to be written than memory should hold, so that hosts are held back. */
  get isPressed(): boolean {
    return this.#pressed
  }

  /** Lets go of a live log; who reads it keeps reading. */
  settle(job: JobId, number: number, rank = 0): void {
    this.#live.delete(this.#folderOf(job, number, rank))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const logs = [...this.#live.values()]
    this.#live.clear()
    await Promise.all(logs.map((log) => log.close()))
    this.#files[Symbol.dispose]()
  }

  #folderOf(job: JobId, number: number, rank: number): string {
    return logFolder(this.#options.folder, job, number, rank)
  }

  #count(bytes: number): void {
    this.#pendingBytes += bytes
    const pressed = this.#pressed ? this.#pendingBytes > LOW_BYTES : this.#pendingBytes > HIGH_BYTES
    if (pressed === this.#pressed) return
    this.#pressed = pressed
    this.#options.onPressure(pressed)
  }
}
