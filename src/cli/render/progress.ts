import { formatBytes } from "../../base/bytes.ts"
import type { Clock } from "../../base/clock.ts"
import { formatDuration } from "../../base/duration.ts"
import type { Output } from "../output.ts"
import { StatusLine } from "./status-line.ts"

/** Nobody needs a bar for what is over before it can be read. */
const QUIET_MS = 1_000
const BAR = 10

/** A bar for bytes on their way, on a terminal, for anything that takes longer than a second. */
export class Progress {
  readonly #line: StatusLine
  readonly #clock: Clock
  readonly #what: string
  #totalBytes: number
  readonly #startedAtMs: number
  #doneBytes = 0

  constructor(options: { out: Output; clock: Clock; what: string; totalBytes: number }) {
    this.#line = new StatusLine(options.out, options.clock)
    this.#clock = options.clock
    this.#what = options.what
    this.#totalBytes = options.totalBytes
    this.#startedAtMs = options.clock.monotonicMs()
  }

  add(bytes: number): void {
    this.reach(this.#doneBytes + bytes, this.#totalBytes)
  }

  /** Where it is now, for sources that count themselves. */
  reach(doneBytes: number, totalBytes: number): void {
    this.#doneBytes = doneBytes
    this.#totalBytes = totalBytes
    const elapsedMs = this.#clock.monotonicMs() - this.#startedAtMs
    if (elapsedMs < QUIET_MS) return
    void this.#line.show(progressText(this.#what, this.#doneBytes, this.#totalBytes, elapsedMs))
  }

  async end(): Promise<void> {
    await this.#line.clear()
  }
}

/** `upload [###.......] 25%  12 MB of 48 MB  6 MB/s  6.0 s left`. */
export function progressText(what: string, doneBytes: number, totalBytes: number, elapsedMs: number): string {
  const part = totalBytes === 0 ? 1 : Math.min(1, doneBytes / totalBytes)
  const filled = Math.round(part * BAR)
  const perSecond = elapsedMs === 0 ? 0 : (doneBytes / elapsedMs) * 1000
  const leftMs = perSecond === 0 ? null : ((totalBytes - doneBytes) / perSecond) * 1000
  return [
    `${what} [${"#".repeat(filled)}${".".repeat(BAR - filled)}] ${Math.floor(part * 100)}%`,
    `${formatBytes(doneBytes)} of ${formatBytes(totalBytes)}`,
    `${formatBytes(perSecond)}/s`,
    ...(leftMs === null || leftMs <= 0 ? [] : [`${formatDuration(leftMs)} left`]),
  ].join("  ")
}
