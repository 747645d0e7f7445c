import { mkdirSync, rmSync } from "node:fs"
import { deferred } from "../../base/deferred.ts"
import type { LogGap } from "../../protocol/api.ts"
import type { OutputFrame, OutputStream } from "../../protocol/frames.ts"
import type { LogContext } from "./log-context.ts"
import { type Extent, filesOf, keptRanges, orderPath, placeOf, STREAMS, segmentOf, segmentPath } from "./log-layout.ts"
import type { OpenFiles } from "./open-files.ts"
import { eachRecord, type LogLimits, type OrderRecord, readHeader, readRecords } from "./order-index.ts"
import { OrderWriter } from "./order-writer.ts"
import { syncFiles, type Write, writeAll } from "./write-pieces.ts"

interface StreamState {
  /** The offset of the next byte expected from the host. */
  received: number
  /** The end of what is in the files. */
  written: number
  /** Tail segments that are kept, ascending. */
  readonly segments: number[]
}

const RETRY_MS = 1_000

/**
 * The output of one attempt on its way to disk: each byte once, whatever is repeated. Nothing is created before the first
 * byte. What was received and not yet written is lost with the process: the host sends it again from {@link received}.
 */
export class AttemptLog {
  readonly folder: string
  readonly limits: LogLimits
  readonly #context: LogContext
  readonly #streams: Record<OutputStream, StreamState>
  readonly #order: OrderWriter
  readonly #listeners = new Set<() => void>()
  readonly #dirty = new Set<string>()
  readonly #gaps: LogGap["gap"][] = []
  #begun: boolean
  #pending: (OrderRecord & { readonly data: Uint8Array | null })[] = []
  #flushing: Promise<void> | undefined
  /** Files must stay open until these are done. */
  readonly #syncing = new Set<Promise<void>>()
  #finished = false
  #released = false
  #closed = false

  /** Takes up what a former run of the server left in `folder`, if anything. */
  constructor(folder: string, context: LogContext) {
    this.folder = folder
    this.#context = context
    const header = readHeader(orderPath(folder))
    this.#begun = header !== undefined
    this.limits = header?.limits ?? context.limits
    const found = (stream: OutputStream): StreamState => {
      const { end, segments } = filesOf(folder, this.limits, stream)
      return { received: end, written: end, segments }
    }
    this.#streams = { stdout: found("stdout"), stderr: found("stderr") }
    this.#order = new OrderWriter(orderPath(folder), context.files, header?.records ?? 0)
    if (header !== undefined) this.#mendOrder(header.records)
  }

  /** Up to which offset the bytes of a stream have arrived here. */
  received(stream: OutputStream): number {
    return this.#streams[stream].received
  }

  /** Up to which offset the bytes of a stream are in the files, where readers find them. */
  written(stream: OutputStream): number {
    return this.#streams[stream].written
  }

  /** What of a stream can be read now, ascending, and where it ends. */
  extent(stream: OutputStream): Extent {
    const { written, segments } = this.#streams[stream]
    const gaps = this.#gaps.filter((gap) => gap.stream === stream)
    return { ranges: keptRanges(this.limits, written, segments[0], gaps), end: written }
  }

  /** Open files shared with readers. */
  get files(): OpenFiles {
    return this.#context.files
  }

  records(first: number, limit: number): OrderRecord[] {
    return readRecords(orderPath(this.folder), first, limit)
  }

  get recordCount(): number {
    return this.#order.count
  }

  /** No more output will come, and all there is has been written. */
  get finished(): boolean {
    return this.#finished && this.#isWritten
  }

  /** Whoever follows need not wait for more than can be read now. */
  get awaitsNothing(): boolean {
    return (this.#finished || this.#released) && this.#isWritten
  }

  get #isWritten(): boolean {
    return this.#pending.length === 0 && this.#flushing === undefined
  }

  /** Takes a piece from the host. What is here already is ignored; a hole means the host no longer had those bytes. */
  accept(output: OutputFrame): void {
    const stream = this.#streams[output.stream]
    const end = output.offset + output.bytes.length
    if (end <= stream.received || this.#finished || this.#closed) return
    const at = this.#context.clock.now()
    if (output.offset > stream.received) this.#pushGap(output.stream, output.offset, at)
    const data = output.bytes.subarray(stream.received - output.offset)
    if (data.length > 0) {
      this.#pending.push({ stream: output.stream, offset: stream.received, bytes: data.length, at, gap: false, data })
      stream.received = end
      this.#context.onPending(data.length)
    }
    this.#flush()
  }

  /** Says that the host will send nothing more than up to these totals; what never came is recorded as a gap. */
  finish(totals: Readonly<Record<OutputStream, number>> | null): void {
    if (this.#finished) return
    for (const stream of STREAMS) {
      const total = totals?.[stream] ?? 0
      if (total > this.#streams[stream].received) this.#pushGap(stream, total, this.#context.clock.now())
    }
    this.#finished = true
    this.#flush()
    this.#tell()
  }

  /** The attempt was given up: more may come, perhaps in days, and is kept. Nobody who follows is to wait for it. */
  release(): void {
    this.#released = true
    this.#tell()
  }

  /** Resolves when all that was received before can be read. With a full disk that takes until there is room. */
  async flushed(): Promise<void> {
    while (this.#flushing !== undefined) await this.#flushing
    if (this.#closed) throw new Error("the log was closed before all of it was on the disk")
  }

  /** Resolves when all that was received before is on the disk itself. */
  async sync(): Promise<void> {
    await this.flushed()
    // What another call is about to make durable must be so before this one says it is.
    await Promise.all(this.#syncing)
    const paths = [...this.#dirty]
    this.#dirty.clear()
    const syncing = syncFiles(paths, this.folder, this.#context.files)
    this.#syncing.add(syncing)
    try {
      await syncing
    } catch (error) {
      for (const path of paths) this.#dirty.add(path)
      throw error
    } finally {
      this.#syncing.delete(syncing)
    }
  }

  /** Calls back after every change of what can be read; returns how to end that. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Stops writing, when what is on its way to the disk has arrived. What is not on disk will come again from the host. */
  async close(): Promise<void> {
    this.#closed = true
    this.#context.onPending(-this.#pending.reduce((sum, piece) => sum + (piece.data?.length ?? 0), 0))
    this.#pending = []
    this.#tell()
    await Promise.allSettled([this.#flushing, ...this.#syncing])
  }

  #pushGap(stream: OutputStream, to: number, at: number): void {
    const state = this.#streams[stream]
    this.#pending.push({ stream, offset: state.received, bytes: to - state.received, at, gap: true, data: null })
    this.#gaps.push({ stream, from: state.received, to })
    state.received = to
  }

  #flush(): void {
    if (this.#flushing !== undefined || this.#pending.length === 0) return
    const { promise, resolve } = deferred<void>()
    this.#flushing = promise
    // Pieces of one read arrive in one turn of the loop: they become one write.
    setImmediate(async () => {
      while (this.#pending.length > 0) await this.#flushOnce()
      this.#flushing = undefined
      resolve()
      if (this.#finished || this.#released) this.#tell()
    })
  }

  async #flushOnce(): Promise<void> {
    const pieces = this.#pending
    this.#pending = []
    const bytes = pieces.reduce((sum, piece) => sum + (piece.data?.length ?? 0), 0)
    try {
      if (!this.#begun) this.#begin()
      const writes = this.#writesFor(pieces)
      const wait = writeAll(writes, bytes, this.#context.files)
      if (wait !== undefined) await wait
      for (const { path } of writes) this.#dirty.add(path)
      this.#order.add(pieces)
      this.#dirty.add(orderPath(this.folder))
    } catch (error) {
      if (this.#closed) return this.#context.onPending(-bytes)
      this.#pending = [...pieces, ...this.#pending]
      this.#context.onTrouble(error)
      return this.#context.clock.sleep(RETRY_MS)
    }
    for (const piece of pieces) this.#streams[piece.stream].written = piece.offset + piece.bytes
    this.#context.onPending(-bytes)
    this.#dropOldSegments()
    this.#tell()
  }

  #begin(): void {
    mkdirSync(this.folder, { recursive: true, mode: 0o700 })
    this.#order.begin(this.limits)
    this.#begun = true
  }

  /** One write for bytes that lie side by side in one file. */
  #writesFor(pieces: readonly { stream: OutputStream; offset: number; data: Uint8Array | null }[]): Write[] {
    const writes: Write[] = []
    const latest: Partial<Record<OutputStream, Write>> = {}
    for (const { stream, offset, data } of pieces) {
      if (data === null) continue
      for (let done = 0; done < data.length; ) {
        const place = placeOf(this.folder, this.limits, stream, offset + done)
        const part = data.subarray(done, done + place.room)
        const last = latest[stream]
        if (last?.path === place.path && last.position + last.bytes === place.position) {
          last.parts.push(part)
          last.bytes += part.length
        } else {
          const write = { path: place.path, position: place.position, parts: [part], bytes: part.length }
          writes.push(write)
          latest[stream] = write
          this.#noteSegment(stream, segmentOf(this.limits, offset + done))
        }
        done += part.length
      }
    }
    return writes
  }

  #noteSegment(stream: OutputStream, segment: number): void {
    const { segments } = this.#streams[stream]
    if (segment >= 0 && segment > (segments.at(-1) ?? -1)) segments.push(segment)
  }

  #dropOldSegments(): void {
    for (const stream of STREAMS) {
      const { segments } = this.#streams[stream]
      while (segments.length > 0 && segments[0]! < segments.at(-1)! - this.limits.segments) {
        const path = segmentPath(this.folder, stream, segments.shift()!)
        this.#context.files.close(path)
        this.#dirty.delete(path)
        rmSync(path, { force: true })
      }
    }
  }

  /** After a crash the index may lack the last bytes (kill), or speak of bytes that are not there (power cut). */
  #mendOrder(records: number): void {
    const indexed: Record<OutputStream, number> = { stdout: 0, stderr: 0 }
    const found = { stdout: this.#streams.stdout.written, stderr: this.#streams.stderr.written }
    const sound = eachRecord(this.folder, records, (record) => {
      const { stream, offset, gap } = record
      const end = offset + record.bytes
      if (gap) this.#gaps.push({ stream, from: offset, to: end })
      else if (end > found[stream]) return false
      indexed[stream] = Math.max(indexed[stream], end)
      return true
    })
    if (sound < records) this.#order.cut(sound)
    const at = this.#context.clock.now()
    for (const stream of STREAMS) {
      const missing = found[stream] - indexed[stream]
      if (missing > 0) this.#order.add([{ stream, offset: indexed[stream], bytes: missing, at, gap: false }])
      this.#streams[stream].written = this.#streams[stream].received = Math.max(found[stream], indexed[stream])
    }
  }

  #tell(): void {
    for (const listener of this.#listeners) listener()
  }
}
