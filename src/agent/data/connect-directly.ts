import { once } from "node:events"
import { connect, type TLSSocket } from "node:tls"
import type { DataOffer } from "../../protocol/data-wire.ts"
import { IDENTITY, SILENCE_MS, TLS_OPTIONS } from "./pre-shared-key.ts"

/** In a lab a connection is there in a millisecond, or a firewall swallows it. */
const CONNECT_MS = 1_500
const MOST_ADDRESSES = 4

/**
 * Connects to another host as its offer says, at the first of its addresses that answers.
 * @throws the signal's reason, else why the last address could not be reached
 */
export async function connectDirectly({ addresses, port, key }: DataOffer, signal: AbortSignal): Promise<TLSSocket> {
  let failure: unknown = new Error("it says no address")
  for (const host of addresses.slice(0, MOST_ADDRESSES)) {
    signal.throwIfAborted()
    const psk = Buffer.from(key, "base64")
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
