import { read, readSync } from "node:fs"
import type { OutputStream } from "../../protocol/frames.ts"
import type { AttemptLog } from "./attempt-log.ts"
import { placeOf } from "./log-layout.ts"

/** The next bytes of a stream, or that they are not kept (`bytes` is `null`); reading goes on at `to`. */
export interface Piece {
  readonly bytes: Uint8Array | null
  readonly to: number
}

const PIECE_BYTES = 256 * 1024
/** Up to here the page cache most likely has it: a direct read is cheaper than a way through the thread pool. */
const SYNC_BYTES = 64 * 1024

/** Reads what follows at `from`, not past `limit`; `undefined` when there is nothing (yet). */
export async function readPiece(
  log: AttemptLog,
  stream: OutputStream,
  from: number,
  limit: number,
): Promise<Piece | undefined> {
  const { ranges, end } = log.extent(stream)
  const stop = Math.min(limit, end)
  if (from >= stop) return undefined
  const range = ranges.find(({ to }) => to > from)
  if (range === undefined) return { bytes: null, to: stop }
  if (range.from > from) return { bytes: null, to: Math.min(range.from, stop) }
  const place = placeOf(log.folder, log.limits, stream, from)
  const length = Math.min(PIECE_BYTES, place.room, range.to - from, stop - from)
  const file = log.files.acquireExisting(place.path)
  // A tail segment went between the look at the extent and now.
  if (file === undefined) return { bytes: null, to: from + Math.min(place.room, stop - from) }
  try {
    const bytes = Buffer.allocUnsafe(length)
    const got =
      length <= SYNC_BYTES
        ? readSync(file.fd, bytes, 0, length, place.position)
        : await readAsync(file.fd, bytes, place.position)
    return got === 0 ? { bytes: null, to: from + length } : { bytes: bytes.subarray(0, got), to: from + got }
  } finally {
    log.files.release(file)
  }
}

function readAsync(fd: number, bytes: Buffer, position: number): Promise<number> {
  return new Promise((resolve, reject) => {
    read(fd, bytes, 0, bytes.length, position, (error, got) => (error === null ? resolve(got) : reject(error)))
  })
}
