import { WindfallError } from "../protocol/errors.ts"
import { fs, nodeTty } from "./builtin.ts"

/**
 * Standard output or error, byte by byte, in order. A write resolves when the reader has taken it, so a slow reader slows
 * the source; it blocks no event loop. When the reader is gone, `closed` says so and further writes are dropped: what to
 * do about it (`cat` would end) is the caller's.
 */
export interface Output {
  readonly isTerminal: boolean
  /** Columns of the terminal; 80 where there is none. */
  readonly columns: number
  readonly closed: boolean
  /** @throws {OutputFailure} when it cannot be written for another reason than that its reader is gone */
  write(data: string | Uint8Array): Promise<void>
}

/** What is to be shown cannot be written here: the disk behind it is full, for instance. */
export class OutputFailure extends WindfallError {
  constructor(fd: number, cause: unknown) {
    const { code, message } = cause as { code?: unknown; message?: string }
    const full = code === "ENOSPC" || code === "EDQUOT"
    super(
      full ? "disk_full" : "internal",
      `Cannot write standard ${fd === 1 ? "output" : "error"}: ${full ? "there is no room where it goes" : message}`,
      { cause },
    )
  }
}

const RETRY_MS = 5

export class FileOutput implements Output {
  readonly #fd: number
  #isTerminal: boolean | undefined
  #tail: Promise<void> = Promise.resolve()
  #closed = false

  constructor(fd: number) {
    this.#fd = fd
  }

  get isTerminal(): boolean {
    this.#isTerminal ??= nodeTty().isatty(this.#fd)
    return this.#isTerminal
  }

  get columns(): number {
    if (!this.isTerminal) return 80
    return (this.#fd === 1 ? process.stdout.columns : process.stderr.columns) || 80
  }

  get closed(): boolean {
    return this.#closed
  }

  write(data: string | Uint8Array): Promise<void> {
    const bytes = typeof data === "string" ? Buffer.from(data) : data
    if (bytes.length === 0 || this.#closed) return this.#tail
    this.#tail = this.#tail.then(() => this.#writeAll(bytes))
    return this.#tail
  }

  async #writeAll(bytes: Uint8Array): Promise<void> {
    let at = 0
    while (at < bytes.length && !this.#closed) {
      try {
        at += await writeSome(this.#fd, bytes, at)
      } catch (error) {
        const code = (error as { code?: unknown }).code
        // A pipe somebody else made non-blocking: wait a little, as there is no way to be told.
        if (code === "EAGAIN") await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
        else if (code === "EPIPE" || code === "EIO" || code === "EBADF") this.#closed = true
        else throw new OutputFailure(this.#fd, error)
      }
    }
  }
}

/** Another output, written to in a way of its own. */
export abstract class OutputAround implements Output {
  protected readonly output: Output

  constructor(output: Output) {
    this.output = output
  }

  get isTerminal(): boolean {
    return this.output.isTerminal
  }

  get columns(): number {
    return this.output.columns
  }

  get closed(): boolean {
    return this.output.closed
  }

  abstract write(data: string | Uint8Array): Promise<void>
}

/** For Windfall's own words, which are no part of what a command does: what cannot be written is dropped. */
export class WordsOutput extends OutputAround {
  async write(data: string | Uint8Array): Promise<void> {
    try {
      await this.output.write(data)
    } catch (error) {
      if (!(error instanceof OutputFailure)) throw error
    }
  }
}

function writeSome(fd: number, bytes: Uint8Array, at: number): Promise<number> {
  return new Promise((resolve, reject) => {
    fs.write(fd, bytes, at, bytes.length - at, null, (error, written) => (error ? reject(error) : resolve(written)))
  })
}
