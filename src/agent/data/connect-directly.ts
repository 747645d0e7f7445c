import { once } from "node:events"
import type { OnReadOpts } from "node:net"
import { type ConnectionOptions, connect, type TLSSocket } from "node:tls"
import type { DataOffer } from "../../protocol/data-wire.ts"
import { IDENTITY, SILENCE_MS, TLS_OPTIONS } from "./pre-shared-key.ts"

/** In a lab a connection is there in a millisecond, or a firewall swallows it. */
const CONNECT_MS = 1_500
const MOST_ADDRESSES = 4

/**
 * Connects to another host as its offer says, at the first of its addresses that answers.
 * @param onread takes what comes; without it the connection is read as a stream
 * @throws the signal's reason, else why the last address could not be reached
 */
export async function connectDirectly(
  { addresses, port, key }: DataOffer,
  signal: AbortSignal,
  onread?: OnReadOpts,
): Promise<TLSSocket> {
  let failure: unknown = new Error("it says no address")
  for (const host of addresses.slice(0, MOST_ADDRESSES)) {
    signal.throwIfAborted()
    const psk = Buffer.from(key, "base64")
    const options: ConnectionOptions & { readonly onread?: OnReadOpts | undefined } = {
      ...TLS_OPTIONS,
      host,
      port,
      onread,
      pskCallback: () => ({ psk, identity: IDENTITY }),
      checkServerIdentity: () => undefined, // the key is what both prove to have
    }
    const socket = connect(options)
    socket.on("error", () => {})
    try {
      await once(socket, "secureConnect", { signal: AbortSignal.any([signal, AbortSignal.timeout(CONNECT_MS)]) })
      socket.setTimeout(SILENCE_MS, () => socket.destroy(new Error("the other host fell silent")))
      return socket
    } catch (error) {
      socket.destroy()
      failure = error
    }
  }
  signal.throwIfAborted()
  throw failure
}
