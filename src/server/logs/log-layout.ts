import { readdirSync, statSync } from "node:fs"
import { join } from "node:path"
import type { OutputStream } from "../../protocol/frames.ts"
import type { LogLimits } from "./order-index.ts"

/**
 * How an attempt's output lies in its folder: `stdout` and `stderr` hold the first bytes of each stream as they are, so
 * that any tool can read them; `stdout.tail.K` is segment K of what came after. `order` is the index (order-index.ts).
 */
export const STREAMS: readonly OutputStream[] = ["stdout", "stderr"]

export function orderPath(folder: string): string {
  return join(folder, "order")
}

/** Where a byte lies: in which file, at which position, and how many bytes from there on lie in the same file. */
export interface Place {
  readonly path: string
  readonly position: number
  readonly room: number
}

export function placeOf(folder: string, limits: LogLimits, stream: OutputStream, offset: number): Place {
  if (offset < limits.headBytes) {
    return { path: join(folder, stream), position: offset, room: limits.headBytes - offset }
  }
  const segment = segmentOf(limits, offset)
  const position = offset - limits.headBytes - segment * limits.segmentBytes
  return { path: segmentPath(folder, stream, segment), position, room: limits.segmentBytes - position }
}

/** The number of the tail segment that holds this offset; negative in the head. */
export function segmentOf(limits: LogLimits, offset: number): number {
  return Math.floor((offset - limits.headBytes) / limits.segmentBytes)
}

export function segmentPath(folder: string, stream: OutputStream, segment: number): string {
  return join(folder, `${stream}.tail.${segment}`)
}

/** Bytes `[from, to)` of a stream. */
export interface Range {
  readonly from: number
  readonly to: number
}

/** What of a stream is kept: ascending ranges, none empty, and where the stream ends so far. */
export interface Extent {
  readonly ranges: readonly Range[]
  readonly end: number
}

/** Head and tail, less the gaps (ascending) that never came. `firstSegment` is the first of the tail that is kept. */
export function keptRanges(
  limits: LogLimits,
  end: number,
  firstSegment: number | undefined,
  gaps: readonly Range[],
): Range[] {
  const ranges: Range[] = []
  const add = (from: number, to: number) => {
    let start = from
    for (const gap of gaps) {
      if (gap.to <= start || gap.from >= to) continue
      if (gap.from > start) ranges.push({ from: start, to: gap.from })
      start = gap.to
    }
    if (start < to) ranges.push({ from: start, to })
  }
  const tailStart = limits.headBytes + (firstSegment ?? 0) * limits.segmentBytes
  if (tailStart <= limits.headBytes) add(0, end)
  else {
    add(0, Math.min(end, limits.headBytes))
    add(tailStart, end)
  }
  return ranges
}

/** Looks at a stream's files: where it ends, and the numbers of its tail's segments, ascending. */
export function filesOf(folder: string, limits: LogLimits, stream: OutputStream): { end: number; segments: number[] } {
  const headEnd = Math.min(sizeOf(join(folder, stream)), limits.headBytes)
  const segments = segmentsOf(folder, stream)
  const last = segments.at(-1)
  if (last === undefined) return { end: headEnd, segments }
  const end = limits.headBytes + last * limits.segmentBytes + sizeOf(segmentPath(folder, stream, last))
  return { end, segments }
}

function segmentsOf(folder: string, stream: OutputStream): number[] {
  const prefix = `${stream}.tail.`
  try {
    return readdirSync(folder)
      .filter((name) => name.startsWith(prefix))
      .map((name) => Number(name.slice(prefix.length)))
      .sort((a, b) => a - b)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return []
    throw error
  }
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0
}
