import { finished } from "node:stream/promises"
import type { TLSSocket } from "node:tls"
import type { BlobHash } from "../../protocol/ids.ts"
import { getHash, HASH_BYTES } from "../../workspace/hash.ts"
import { encodePack, type PackBlob } from "../../workspace/pack.ts"
import { listenOnce, type OpenOffer } from "./listen-once.ts"
import { MAX_HASHES } from "./pre-shared-key.ts"

/** Finds a blob that is asked for; `undefined` where there is none. */
export type PieceOf = (hash: BlobHash, signal: AbortSignal) => Promise<PackBlob | undefined>

/**
 * Listens on a free port for one other host that has the key, and gives it the blobs it names, as far as they are on offer and lie here or just come. Ends
 * with that transfer, when nobody comes, or with `signal`. Whoever fetches them hashes them.
 */
export function offerData(offered: ReadonlySet<BlobHash>, piece: PieceOf, signal: AbortSignal): Promise<OpenOffer> {
  return listenOnce((socket) => give(socket, offered, piece, signal), signal)
}

async function give(
  socket: TLSSocket,
  offered: ReadonlySet<BlobHash>,
  piece: PieceOf,
  signal: AbortSignal,
): Promise<void> {
  const gone = new AbortController()
  socket.once("close", () => gone.abort(new Error("the other host has gone")))
  const within = AbortSignal.any([signal, gone.signal])
  try {
    const wanted = await readWanted(socket)
    const found = async function* (): AsyncGenerator<PackBlob> {
      for (const hash of wanted) {
        const blob = offered.has(hash) ? await piece(hash, within) : undefined
        if (blob !== undefined) yield blob
      }
    }
    for await (const part of encodePack(found())) await written(socket, part)
    socket.end()
    await finished(socket, { readable: false })
  } catch {
    socket.destroy() // who fetches sees what has not come, and gets it from the server
  }
}

/** Resolves when a part has left, so that it may be the same memory as the next one. */
function written(socket: TLSSocket, part: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.write(part, (error) => (error ? reject(error) : resolve()))
  })
}

/** A count as u32, then so many hashes. */
async function readWanted(socket: TLSSocket): Promise<BlobHash[]> {
  let data = Buffer.alloc(0)
  const pieces: Buffer[] = []
  let bytes = 0
  let want = 4
  for await (const piece of socket.iterator({ destroyOnReturn: false })) {
    pieces.push(piece as Buffer)
    bytes += (piece as Buffer).length
    if (want === 4 && bytes >= 4) {
      const count = Buffer.concat(pieces).readUInt32BE(0)
      if (count > MAX_HASHES) throw new RangeError("more is asked for than any data has")
      want = 4 + count * HASH_BYTES
    }
    if (want === 4 || bytes < want) continue
    data = Buffer.concat(pieces)
    break
  }
  if (data.length !== want) throw new RangeError("the request is malformed")
  return Array.from({ length: (want - 4) / HASH_BYTES }, (_, i) => getHash(data, 4 + i * HASH_BYTES))
}
