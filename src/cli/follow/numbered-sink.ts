import type { OutputStream } from "../../protocol/frames.ts"
import type { LogSink } from "./log-reader.ts"

const NEWLINE = 10

/**
 * Output of one member of a job on several hosts, or of one task of an array, line by line with its rank or index before each: "[2] loss 0.31".
 * A line is passed on when it is whole, so that they do not write into each other's; what has no end yet comes with the end of the log.
 */
export class NumberedSink implements LogSink {
  readonly #prefix: Buffer
  readonly #sink: LogSink
  readonly #rest: Record<OutputStream, Buffer> = { stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) }

  constructor(number: number, sink: LogSink) {
    this.#prefix = Buffer.from(`[${number}] `)
    this.#sink = sink
  }

  async output(stream: OutputStream, bytes: Uint8Array, offset: number): Promise<void> {
    const all = Buffer.concat([this.#rest[stream], bytes])
    const end = all.lastIndexOf(NEWLINE) + 1
    this.#rest[stream] = all.subarray(end)
    if (end > 0) await this.#sink.output(stream, this.#prefixed(all.subarray(0, end)), offset)
  }

  gap(gap: Parameters<LogSink["gap"]>[0]): Promise<void> {
    return this.#sink.gap(gap)
  }

  async end(): Promise<void> {
    for (const stream of ["stdout", "stderr"] as const) {
      const rest = this.#rest[stream]
      this.#rest[stream] = Buffer.alloc(0)
      if (rest.length > 0) await this.#sink.output(stream, this.#prefixed(Buffer.concat([rest, Buffer.from("\n")])), 0)
    }
    await this.#sink.end()
  }

  #prefixed(lines: Buffer): Buffer {
    const parts: Buffer[] = []
    for (let from = 0; from < lines.length; ) {
      const to = lines.indexOf(NEWLINE, from) + 1
      parts.push(this.#prefix, lines.subarray(from, to))
      from = to
    }
    return Buffer.concat(parts)
  }
}
