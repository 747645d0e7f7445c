import { statfsSync } from "node:fs"
import type { HostClock } from "../host-clock.ts"
import type { Disk } from "./disk-budget.ts"
import type { DiskKeeper } from "./disk-keeper.ts"
import type { MeasuredPart } from "./measured-part.ts"

/** While something runs, the disk is looked at so often. */
const LOOK_MS = 10_000
/** Once jobs have ended. */
const REST_MS = 1_000
/** What jobs fill by themselves is measured anew so long after the last time: after jobs have run, and while they run for long. */
const MEASURE_AFTER_MS = 10 * 60_000
const MEASURE_DURING_MS = 60 * 60_000

export interface DiskWatchOptions {
  readonly keeper: DiskKeeper
  readonly measured: MeasuredPart
  readonly clock: HostClock
  readonly onProblem: (error: unknown) => void
}

/** When the disk is looked at, and when what nobody counts is measured. */
export class DiskWatch {
  readonly #options: DiskWatchOptions
  #lookedAtMs = Number.NEGATIVE_INFINITY
  #looking = false
  #hasRun = false
  /** What was said last of what went wrong: at each look it would be the same. */
  #problem = ""
  #rest: NodeJS.Timeout | undefined
  readonly #stopping = new AbortController()

  constructor(options: DiskWatchOptions) {
    this.#options = options
  }

  /** Jobs run, or a moment has passed in which none did. Looks, unless it has done so lately. */
  sample(busy: boolean): void {
    this.#hasRun ||= busy
    if (this.#options.clock.sleepCountingMs() - this.#lookedAtMs >= LOOK_MS) void this.#look(busy)
  }

  /** Nothing runs now: a look a little later. */
  rest(): void {
    clearTimeout(this.#rest)
    this.#rest = setTimeout(() => void this.#look(false), REST_MS).unref()
  }

  /** Something has begun to run. */
  work(): void {
    this.#hasRun = true
    clearTimeout(this.#rest)
  }

  stop(): void {
    clearTimeout(this.#rest)
    this.#stopping.abort(new Error("the watch has ended"))
  }

  async #look(busy: boolean): Promise<void> {
    if (this.#looking) return
    this.#looking = true
    try {
      if (this.#isDue(busy)) {
        this.#hasRun = busy
        await this.#options.measured.measure(this.#stopping.signal)
      }
      await this.#options.keeper.look()
      this.#problem = ""
    } catch (error) {
      const problem = String(error)
      if (!this.#stopping.signal.aborted && problem !== this.#problem) this.#options.onProblem(error)
      this.#problem = problem
    } finally {
      this.#lookedAtMs = this.#options.clock.sleepCountingMs()
      this.#looking = false
    }
  }

  #isDue(busy: boolean): boolean {
    const { clock, measured } = this.#options
    const agoMs = clock.now() - measured.measuredAtMs
    // A clock that was set back says nothing.
    if (measured.measuredAtMs === 0 || agoMs < 0) return true
    return agoMs >= (busy ? MEASURE_DURING_MS : MEASURE_AFTER_MS) && this.#hasRun
  }
}

/** The disk on which a folder lies. */
export function diskOf(folder: string): Disk {
  const { blocks, bavail, bsize } = statfsSync(folder)
  return { totalBytes: blocks * bsize, freeBytes: bavail * bsize }
}
