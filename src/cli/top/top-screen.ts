import { writeSync } from "node:fs"
import type { Output } from "../output.ts"
import { RawTerminal, terminalSize } from "../terminal/raw-terminal.ts"

/** The other screen, so that what was there comes back at the end; no cursor. */
const ENTER = "\x1b[?1049h\x1b[?25l"
const LEAVE = "\x1b[?25h\x1b[?1049l"
/** Terminals that know it show all that comes between at once; others ignore it. */
const BEGIN_FRAME = "\x1b[?2026h"
const END_FRAME = "\x1b[?2026l"

/**
 * A terminal that shows one picture after the other. It is put back as it was however this process ends, short of SIGKILL.
 */
export class TopScreen implements Disposable {
  readonly #out: Output
  readonly #keys: RawTerminal | undefined
  readonly #onResize: () => void
  readonly #restore = () => this.#leave()
  #shown = ""
  #isEntered = true
  #isDrawing = false

  constructor(out: Output, on: { readonly keys: (keys: string) => void; readonly resize: () => void }) {
    this.#out = out
    this.#onResize = () => {
      // The terminal may have moved what was there.
      this.#shown = ""
      on.resize()
    }
    process.on("exit", this.#restore)
    writeSync(1, ENTER)
    if (process.stdin.isTTY) {
      this.#keys = new RawTerminal((bytes) => on.keys(Buffer.from(bytes).toString("latin1")), this.#onResize)
    } else process.stdout.on("resize", this.#onResize)
  }

  /** One column less than there is: the terminal need not know what to do behind the last one. */
  get width(): number {
    return Math.max(1, terminalSize().columns - 1)
  }

  get height(): number {
    return terminalSize().rows
  }

  /** Shows these lines. While a slow terminal still takes the last picture nothing is drawn: the next one will be newer. */
  async draw(lines: readonly string[]): Promise<void> {
    // Each line clears what stood behind it, and the last one all below: nothing is wiped that is drawn again.
    const picture = `\x1b[H${lines.join("\x1b[K\r\n")}\x1b[K\x1b[J`
    if (picture === this.#shown || this.#isDrawing || !this.#isEntered) return
    this.#shown = picture
    this.#isDrawing = true
    try {
      await this.#out.write(BEGIN_FRAME + picture + END_FRAME)
    } finally {
      this.#isDrawing = false
    }
  }

  [Symbol.dispose](): void {
    process.off("exit", this.#restore)
    this.#leave()
  }

  #leave(): void {
    if (!this.#isEntered) return
    this.#isEntered = false
    process.stdout.off("resize", this.#onResize)
    this.#keys?.leave()
    try {
      writeSync(1, LEAVE)
    } catch {
      // The terminal itself is gone.
    }
  }
}
