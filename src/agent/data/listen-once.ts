import { randomBytes } from "node:crypto"
import type { AddressInfo } from "node:net"
import { networkInterfaces } from "node:os"
import { createServer, type TLSSocket } from "node:tls"
import type { DataOffer } from "../../protocol/data-wire.ts"
import { IDENTITY, KEY_BYTES, SILENCE_MS, TLS_OPTIONS } from "./pre-shared-key.ts"

/** How long the other host may take to come. */
const WAIT_MS = 10_000

export interface OpenOffer {
  readonly offer: DataOffer
  /** Resolves when nothing listens and no connection is left. */
  readonly ended: Promise<void>
}

/**
 * Listens on a free port for one other host that has the key, and serves it. Ends with that, when nobody comes, or with `signal`.
 * @param serve what it does with the connection, to its end; what it throws ends the connection
 */
export async function listenOnce(serve: (socket: TLSSocket) => Promise<void>, signal: AbortSignal): Promise<OpenOffer> {
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
    void serve(socket)
      .catch(() => socket.destroy())
      .finally(end)
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

/** Those at which other machines may reach this one. */
function ownAddresses(): string[] {
  return Object.values(networkInterfaces())
    .flatMap((each) => each ?? [])
    .filter(({ internal, address }) => !internal && !address.startsWith("fe80:") && !address.startsWith("169.254."))
    .map(({ address }) => address)
}
