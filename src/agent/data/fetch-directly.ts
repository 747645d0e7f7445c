import type { TLSSocket } from "node:tls"
import type { DataOffer } from "../../protocol/data-wire.ts"
import type { BlobHash } from "../../protocol/ids.ts"
import { HASH_BYTES, putHash } from "../../workspace/hash.ts"
import { connectDirectly } from "./connect-directly.ts"
import type { DataShelf } from "./data-shelf.ts"
import { SocketPieces } from "./socket-pieces.ts"

/**
 * Fetches blobs from another host as its offer says. Every hash is verified, and nothing is taken that was not asked for. What has not come, whatever the
 * reason, is had elsewhere: so this fails for `signal` alone, and where there is no room.
 * @param onBlob called for each that has come
 */
export async function fetchDirectly(
  offer: DataOffer,
  hashes: readonly BlobHash[],
  shelf: DataShelf,
  signal: AbortSignal,
  onBlob: (hash: BlobHash) => void = () => {},
): Promise<void> {
  const pieces = new SocketPieces()
  let socket: TLSSocket
  try {
    socket = await connectDirectly(offer, signal, pieces.onread)
  } catch {
    signal.throwIfAborted()
    return
  }
  try {
    socket.write(request(hashes))
    await shelf.store(pieces.of(socket), signal, { asked: new Set(hashes), onBlob })
  } catch (error) {
    signal.throwIfAborted()
    if (isDiskFull(error)) throw error
  } finally {
    socket.destroy()
  }
}

function request(hashes: readonly BlobHash[]): Buffer {
  const bytes = Buffer.alloc(4 + hashes.length * HASH_BYTES)
  bytes.writeUInt32BE(hashes.length, 0)
  for (const [i, hash] of hashes.entries()) putHash(bytes, 4 + i * HASH_BYTES, hash)
  return bytes
}

function isDiskFull(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code
  return code === "disk_full" || code === "ENOSPC" || code === "EDQUOT"
}
