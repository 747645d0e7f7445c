import { randomBytes } from "node:crypto"
import type { AddressInfo } from "node:net"
import { networkInterfaces } from "node:os"
import { pipeline } from "node:stream/promises"
import { createServer, type TLSSocket } from "node:tls"
import type { DataOffer } from "../../protocol/data-wire.ts"
import type { BlobHash } from "../../protocol/ids.ts"
import { getHash, HASH_BYTES } from "../../workspace/hash.ts"
import { encodePack, type PackBlob } from "../../workspace/pack.ts"
import { sourceBlob } from "../../workspace/sources.ts"
import type { LaidOutIndex } from "./laid-out-index.ts"
import { IDENTITY, KEY_BYTES, MAX_HASHES, SILENCE_MS, TLS_OPTIONS } from "./pre-shared-key.ts"

/** How long the other host may take to come. */
const WAIT_MS = 10_000

export interface OpenOffer {
  readonly offer: DataOffer
  /** Resolves when nothing listens and no connection is left. */
  readonly ended: Promise<void>
}

/**
 * Listens on a free port for one other host that has the key, and gives it the blobs it names, as far as they lie here. Ends
 * with that transfer, when nobody comes, or with `signal`. Every file is hashed on its way out.
 */
export async function offerData(index: LaidOutIndex, signal: AbortSignal): Promise<OpenOffer> {
  signal.throwIfAborted()
  const key = randomBytes(KEY_BYTES)
  const ended = Promise.withResolvers<void>()
  let taker: TLSSocket | undefined
  const server = createServer({
    ...TLS_OPTIONS,
    handshakeTimeout: SILENCE_MS,
    pskCallback: (_, identity) => (identity === IDENTITY && taker === undefined ? key : null),
  })
  const sockets = new Set<{ destroy(): void }>()
  server.on("connection", (socket) => {
    sockets.add(socket)
    socket.once("close", () => sockets.delete(socket))
  })
  const end = () => {
    server.close()
    for (const socket of sockets) socket.destroy()
  }
  const timer = setTimeout(end, WAIT_MS)
  signal.addEventListener("abort", end, { once: true })
  server.on("tlsClientError", () => {})
  server.on("secureConnection", (socket) => {
    socket.on("error", () => {})
    if (taker !== undefined) {
      socket.destroy()
      return
    }
    taker = socket
    clearTimeout(timer)
    server.close() // the key has done its work
    socket.setTimeout(SILENCE_MS, () => socket.destroy())
    void give(socket, index).finally(end)
  })
  server.once("close", () => {
    clearTimeout(timer)
    signal.removeEventListener("abort", end)
    ended.resolve()
  })
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject)
    server.listen(0, resolve)
  })
  const { port } = server.address() as AddressInfo
  return { offer: { addresses: ownAddresses(), port, key: key.toString("base64") }, ended: ended.promise }
}

async function give(socket: TLSSocket, { blobs }: LaidOutIndex): Promise<void> {
  try {
    const wanted = await readWanted(socket)
    const found = function* (): Generator<PackBlob> {
      for (const hash of wanted) {
        const source = blobs.get(hash)
        if (source !== undefined) yield sourceBlob(hash, source)
      }
    }
    await pipeline(encodePack(found()), socket)
  } catch {
    socket.destroy() // who fetches sees what has not come, and gets it from the server
  }
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

/** Those at which other machines may reach this one. */
function ownAddresses(): string[] {
  return Object.values(networkInterfaces())
    .flatMap((each) => each ?? [])
    .filter(({ internal, address }) => !internal && !address.startsWith("fe80:") && !address.startsWith("169.254."))
    .map(({ address }) => address)
}
