import { orAborted } from "../../base/or-aborted.ts"
import type { RangeLimits } from "../../hub/hub.ts"
import { FileChanged, type HubFile, RangesRefused } from "../../hub/hub-file.ts"
import { WindfallError } from "../../protocol/errors.ts"
import type { PulledFile } from "../../store/pull-record.ts"
import { type ContentWriter, failed, writeAll } from "./content-writer.ts"
import type { PullProgress } from "./pull-progress.ts"
import type { RangeFiles } from "./range-files.ts"
import { type HeldRange, planRanges } from "./range-plan.ts"

export interface RangedFetch {
  readonly file: PulledFile
  readonly source: HubFile
  readonly writer: ContentWriter
  readonly files: RangeFiles
  readonly limits: RangeLimits
  readonly progress: PullProgress
  readonly signal: AbortSignal
}

/** A range on its way. */
interface Coming {
  readonly range: HeldRange
  readonly isWhole: PromiseWithResolvers<void>
  bytes: number
}

/**
 * Fetches what is missing of a file by several connections, each of which has a range of its own; the writer gets the bytes in order.
 * What goes wrong with one connection is dealt with on that one; where it is given up, the others take its range over.
 * @returns false: the hub gives no ranges any more, and the rest is to be fetched by one connection
 * @throws as {@link HubFile.pieces}, {@link ContentWriter.write}
 */
export async function fetchByRanges(fetch: RangedFetch): Promise<boolean> {
  const { file, writer, files, limits, progress, signal } = fetch
  const mostBytes = Math.min(limits.mostBytes, Math.ceil(file.bytes / limits.atOnce))
  const { ranges, useless } = planRanges(writer.bytes, file.bytes, mostBytes, await files.found())
  for (const range of useless) await files.remove(range)
  const ahead = ranges.reduce(
    (sum, { start, bytes }) => sum + Math.max(0, start + bytes - Math.max(start, writer.bytes)),
    0,
  )
  progress.isAt(file.path, writer.bytes + ahead)

  const all = ranges.map((range): Coming => ({ range, isWhole: Promise.withResolvers<void>(), bytes: range.bytes }))
  const ended = new AbortController()
  const running: RangedFetch = { ...fetch, signal: AbortSignal.any([signal, ended.signal]) }
  const waiting = [...all]
  const came = () => all.reduce((sum, { bytes }) => sum + bytes, 0)
  let connections = Math.min(limits.atOnce, all.length)
  const connection = async () => {
    try {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        const cameBefore = came()
        try {
          await fetchRange(running, next)
        } catch (error) {
          // The last one is given up once it has failed while nothing came by the others: that they were there may have been the reason.
          if (!isOfConnection(error) || (connections === 1 && came() === cameBefore)) throw error
          waiting.unshift(next)
          if (connections > 1) return
        }
      }
    } finally {
      connections--
    }
  }
  const work = [assemble(running, all), ...Array.from({ length: connections }, connection)].map((one) =>
    one.catch((error: unknown) => ended.abort(error)),
  )
  // None may write on when the others are given up.
  await Promise.all(work)
  signal.throwIfAborted()
  if (!ended.signal.aborted) return true
  if (!(ended.signal.reason instanceof RangesRefused)) throw ended.signal.reason
  await files.drop()
  return false
}

/** Whether others may have more luck: some hubs give one asker only so many connections. */
function isOfConnection(error: unknown): boolean {
  return error instanceof RangesRefused || (error instanceof WindfallError && error.code === "hub_unreachable")
}

async function fetchRange({ file, source, files, progress, signal }: RangedFetch, coming: Coming): Promise<void> {
  const { range, isWhole } = coming
  if (range.start + coming.bytes < range.end) {
    await using part = await files.append(range).catch(failed)
    for await (const piece of source.pieces(range.start + coming.bytes, range.end, signal, { rangesOnly: true })) {
      await writeAll(part, piece)
      coming.bytes += piece.length
      progress.came(file.path, piece.length)
    }
  }
  isWhole.resolve()
}

/** Hands the ranges on to the writer, in order. One goes away once all of it is there. */
async function assemble({ writer, files, signal }: RangedFetch, all: readonly Coming[]): Promise<void> {
  for (const { range, isWhole } of all) {
    await orAborted(isWhole.promise, signal)
    for await (const piece of files.read(range, writer.bytes - range.start)) {
      signal.throwIfAborted()
      await writer.write(piece)
    }
    if (writer.bytes !== range.end) throw new FileChanged("what has come of it is not on the disk any more")
    await files.remove(range)
  }
}
