import type { Clock } from "../../base/clock.ts"
import type { Output } from "../output.ts"
import { cutText, printable } from "./table.ts"

const REDRAW_MS = 100

/**
 * One line at the bottom of a terminal that is replaced again and again, and taken away before anything else is printed.
 * Where there is no terminal, nothing is shown at all.
 */
export class StatusLine {
  readonly #out: Output
  readonly #clock: Clock
  #shown = ""
  #drawnAtMs = Number.NEGATIVE_INFINITY

  constructor(out: Output, clock: Clock) {
    this.#out = out
    this.#clock = clock
  }

  get isShown(): boolean {
    return this.#shown !== ""
  }

  /** Replaces the line. Faster changes than people see are left out. */
  async show(text: string): Promise<void> {
    if (!this.#out.isTerminal) return
    const now = this.#clock.monotonicMs()
    if (text === this.#shown || (this.isShown && now - this.#drawnAtMs < REDRAW_MS)) return
    this.#shown = text
    this.#drawnAtMs = now
    await this.#out.write(`\r\x1b[2K${cutText(printable(text), this.#out.columns - 1)}`)
  }

  /** Takes the line away: the cursor is at the start of an empty line. */
  async clear(): Promise<void> {
    if (!this.isShown) return
    this.#shown = ""
    await this.#out.write("\r\x1b[2K")
  }
}
