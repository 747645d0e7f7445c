import { once } from "node:events"
import { connect, type TLSSocket } from "node:tls"
import type { DataOffer } from "../../protocol/data-wire.ts"
import type { BlobHash } from "../../protocol/ids.ts"
import { HASH_BYTES, putHash } from "../../workspace/hash.ts"
import type { DataShelf } from "./data-shelf.ts"
import { IDENTITY, SILENCE_MS, TLS_OPTIONS } from "./pre-shared-key.ts"

/** In a lab a connection is there in a millisecond, or a firewall swallows it. */
const CONNECT_MS = 1_500
const MOST_ADDRESSES = 4

/**
 * Fetches blobs from another host as its offer says. Every hash is verified. What has not come, whatever the reason, is had
 * from the server: so this fails for `signal` alone.
 */
export async function fetchDirectly(
  { addresses, port, key }: DataOffer,
  hashes: readonly BlobHash[],
  shelf: DataShelf,
  signal: AbortSignal,
): Promise<void> {
  for (const address of addresses.slice(0, MOST_ADDRESSES)) {
    signal.throwIfAborted()
    const socket = await connectTo(address, port, Buffer.from(key, "base64"), signal)
    if (socket === undefined) continue
    try {
      socket.setTimeout(SILENCE_MS, () => socket.destroy(new Error("the other host fell silent")))
      socket.write(request(hashes))
      await shelf.store(socket as AsyncIterable<Buffer>, signal)
    } catch (error) {
      signal.throwIfAborted()
      if (isDiskFull(error)) throw error
    } finally {
      socket.destroy()
    }
    return
  }
}

async function connectTo(host: string, port: number, psk: Buffer, signal: AbortSignal): Promise<TLSSocket | undefined> {
  const socket = connect({
    ...TLS_OPTIONS,
    host,
    port,
    pskCallback: () => ({ psk, identity: IDENTITY }),
    checkServerIdentity: () => undefined, // the key is what both prove to have
  })
  socket.on("error", () => {})
  try {
    await once(socket, "secureConnect", { signal: AbortSignal.any([signal, AbortSignal.timeout(CONNECT_MS)]) })
    return socket
  } catch {
    socket.destroy()
    return undefined
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
