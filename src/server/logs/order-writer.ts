import { ftruncateSync, writeSync } from "node:fs"
import type { OutputStream } from "../../protocol/frames.ts"
import type { OpenFiles } from "./open-files.ts"
import { encodeHeader, encodeRecord, type LogLimits, type OrderRecord, RECORD_BYTES } from "./order-index.ts"

/** Runs of one stream that follow each other within this time become one record. */
const MERGE_MS = 100
/** A log with more records than this remembers the order of its streams only to the second, so that it stays small. */
const FINE_RECORDS = 800_000
const COARSE_MS = 1_000

interface Last {
  readonly index: number
  readonly record: OrderRecord
}

/** Writes an index, merging as it goes: a record may still grow in place while it is young. */
export class OrderWriter {
  readonly #path: string
  readonly #files: OpenFiles
  #last: Partial<Record<OutputStream, Last>> = {}
  #count: number

  constructor(path: string, files: OpenFiles, count: number) {
    this.#path = path
    this.#files = files
    this.#count = count
  }

  get count(): number {
    return this.#count
  }

  /** Writes the header of a new index. */
  begin(limits: LogLimits): void {
    this.#write(encodeHeader(limits), -1)
  }

  /** Drops records from `count` on: after a crash they may speak of bytes that were never written. */
  cut(count: number): void {
    const file = this.#files.acquire(this.#path)
    ftruncateSync(file.fd, (count + 1) * RECORD_BYTES)
    this.#files.release(file)
    this.#count = count
  }

  /** Adds runs in order of arrival, all of them or, when the disk refuses, none: then the same may be added again. */
  add(runs: readonly OrderRecord[]): void {
    const fresh: OrderRecord[] = []
    const grown = new Map<number, OrderRecord>()
    const last = { ...this.#last }
    for (const run of runs) {
      const former = last[run.stream]
      const next = this.#count + fresh.length
      if (former === undefined || !mayGrow(former, run, next)) {
        last[run.stream] = { index: next, record: run }
        fresh.push(run)
        continue
      }
      const record = { ...former.record, bytes: former.record.bytes + run.bytes }
      last[run.stream] = { index: former.index, record }
      if (former.index >= this.#count) fresh[former.index - this.#count] = record
      else grown.set(former.index, record)
    }
    for (const [index, record] of grown) this.#write(encoded([record]), index)
    if (fresh.length > 0) this.#write(encoded(fresh), this.#count)
    this.#last = last
    this.#count += fresh.length
  }

  /** `index` counts records; the header, when `bytes` is one, is written by {@link begin} at index -1. */
  #write(bytes: Buffer, index: number): void {
    const file = this.#files.acquire(this.#path)
    try {
      writeSync(file.fd, bytes, 0, bytes.length, (index + 1) * RECORD_BYTES)
    } finally {
      this.#files.release(file)
    }
  }
}

function mayGrow({ index, record }: Last, run: OrderRecord, next: number): boolean {
  if (record.gap || run.gap || record.offset + record.bytes !== run.offset) return false
  const age = run.at - record.at
  if (age < 0) return false
  return index === next - 1 ? age <= MERGE_MS : next > FINE_RECORDS && age <= COARSE_MS
}

function encoded(records: readonly OrderRecord[]): Buffer {
  const buffer = Buffer.allocUnsafe(records.length * RECORD_BYTES)
  for (const [index, record] of records.entries()) encodeRecord(record, buffer, index * RECORD_BYTES)
  return buffer
}
