import { createInflateRaw } from "node:zlib"
import type { Unfolded } from "../../gateway/png-data.ts"

/** Whether packed data (RFC 1951) come to at most so many bytes. They are unpacked piece by piece in another thread, no further than that, and not held. */
export async function unpacksTo(packed: Uint8Array, mostBytes: number): Promise<Unfolded> {
  const inflate = createInflateRaw()
  inflate.end(packed)
  let bytes = 0
  try {
    for await (const piece of inflate) {
      bytes += (piece as Buffer).length
      if (bytes > mostBytes) return "more"
    }
  } catch {
    return "damaged"
  }
  return "fits"
}
