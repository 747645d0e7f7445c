import type { BlobHash } from "../../protocol/ids.ts"
import type { PackBlob } from "../../workspace/pack.ts"
import { unseenBlob } from "../../workspace/unseen-blob.ts"
import type { DataShelf } from "./data-shelf.ts"

/** Less than a silent connection is given up after. */
const WAIT_MS = 3_500

/**
 * A blob of data for another host: from a file that is laid out, from what has come of it, or as it comes. One that is waited for here is
 * waited for a while; `undefined` when there is none.
 */
export async function shelfPiece(shelf: DataShelf, hash: BlobHash, signal: AbortSignal): Promise<PackBlob | undefined> {
  const now = (): PackBlob | undefined => {
    const bytes = shelf.blobs.bytesOf(hash)
    if (bytes !== undefined) return unseenBlob(hash, { path: shelf.blobs.path(hash), start: 0, bytes })
    const source = shelf.index().blobs.get(hash)
    if (source !== undefined) return unseenBlob(hash, source)
    const growing = shelf.growing.get(hash)
    return growing && { hash, bytes: growing.bytes, open: () => growing.read(signal) }
  }
  let piece = now()
  if (piece !== undefined || !shelf.isWanted(hash)) return piece
  const late = Promise.withResolvers<"late">()
  const timer = setTimeout(() => late.resolve("late"), WAIT_MS)
  const stop = () => late.resolve("late")
  signal.addEventListener("abort", stop, { once: true })
  try {
    while (piece === undefined && shelf.isWanted(hash)) {
      if ((await Promise.race([shelf.growing.untilNews(), late.promise])) === "late") break
      piece = now()
    }
    return piece
  } finally {
    clearTimeout(timer)
    signal.removeEventListener("abort", stop)
  }
}
