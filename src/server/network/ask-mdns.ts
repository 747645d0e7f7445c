import { createSocket } from "node:dgram"
import { type DnsRecord, decodeResponse, encodeQuery, TYPE_PTR, TYPE_SRV } from "./mdns-message.ts"
import { type SshService, sshServices } from "./ssh-services.ts"

export interface MdnsPlace {
  readonly address: string
  readonly port: number
}

/** Where all that speak multicast DNS listen (RFC 6762). */
export const MDNS: MdnsPlace = { address: "224.0.0.251", port: 5353 }
const SSH = ["_ssh", "_tcp", "local"]
/** Asked anew after this long: datagrams get lost. */
const AGAIN_MS = 700
const MOST_RECORDS = 20_000

/**
 * Asks all of the net what offers ssh, and takes answers for `durationMs`. From a port of its own, so that answers come to it alone
 * (RFC 6762, 6.7) and nothing that runs here already is in the way. Never keeps listening. @throws what the system says where nothing can be asked
 */
export async function askMdns(
  durationMs: number,
  signal: AbortSignal,
  place: MdnsPlace = MDNS,
): Promise<readonly SshService[]> {
  const socket = createSocket("udp4")
  const records: DnsRecord[] = []
  const ended = Promise.withResolvers<void>()
  socket.on("message", (message) => {
    const more = decodeResponse(message)
    if (more !== null && records.length + more.length <= MOST_RECORDS) records.push(...more)
  })
  socket.on("error", ended.reject)
  const ask = () => {
    const { unresolved } = sshServices(records)
    const questions = unresolved.slice(0, 20).map((name) => ({ name, type: TYPE_SRV }))
    socket.send(encodeQuery([{ name: SSH, type: TYPE_PTR }, ...questions]), place.port, place.address, (error) => {
      if (error !== null) ended.reject(error)
    })
  }
  const timer = setTimeout(ended.resolve, durationMs)
  const again = setInterval(ask, AGAIN_MS)
  const stop = () => ended.reject(signal.reason)
  signal.addEventListener("abort", stop, { once: true })
  try {
    signal.throwIfAborted()
    ask()
    await ended.promise
    return sshServices(records).found
  } finally {
    clearTimeout(timer)
    clearInterval(again)
    signal.removeEventListener("abort", stop)
    socket.close()
  }
}
