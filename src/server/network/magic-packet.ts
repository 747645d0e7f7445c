import { createSocket } from "node:dgram"
import type { WakeAddress } from "../../protocol/network.ts"

/** The port that tools send to; the network card does not look at it. */
export const WAKE_PORT = 9
/** Datagrams get lost, and a second one wakes no twice. */
const REPEATS = 3
const GAP_MS = 100

/** What wakes a machine (AMD, "Magic Packet Technology", 1995): six bytes of ones, then its hardware's address sixteen times. */
export function magicPacket(hardware: string): Uint8Array {
  const address = hardware.split(":").map((part) => Number.parseInt(part, 16))
  if (address.length !== 6 || !address.every((byte) => byte >= 0 && byte <= 255)) {
    throw new TypeError(`"${hardware}" is no hardware address`)
  }
  return Uint8Array.from([...Array<number>(6).fill(255), ...Array.from({ length: 16 }, () => address).flat()])
}

/**
 * Sends the packet to all of the host's net. Where the server is on another one, routers seldom let it through. Rejects with what
 * the system says when it cannot be sent; nothing tells whether it was heard.
 */
export async function sendMagicPacket({ hardware, broadcast }: WakeAddress, port: number = WAKE_PORT): Promise<void> {
  const packet = magicPacket(hardware)
  const socket = createSocket("udp4")
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once("error", reject)
      socket.bind(0, () => {
        socket.setBroadcast(true)
        resolve()
      })
    })
    for (let i = 0; i < REPEATS; i++) {
      if (i > 0) await new Promise((resolve) => setTimeout(resolve, GAP_MS))
      await new Promise<void>((resolve, reject) => {
        socket.send(packet, port, broadcast, (error) => (error === null ? resolve() : reject(error)))
      })
    }
  } finally {
    socket.close()
  }
}
