import { networkInterfaces } from "node:os"
import type { MemberAddress } from "../protocol/gang-wire.ts"
import { MOST_ADDRESSES } from "../protocol/network.ts"
import type { LookAtNetwork } from "./platform/network-look.ts"

/** Of this host's nets. */
export function ownAddresses(): MemberAddress[] {
  return Object.entries(networkInterfaces()).flatMap(([name, all]) =>
    (all ?? []).flatMap(({ family, address, cidr, internal }) =>
      family === "IPv4" && !internal && cidr !== null ? [{ address, net: netOf(cidr), interface: name }] : [],
    ),
  )
}

/** "10.0.0.7/24" is in "10.0.0.0/24". */
export function netOf(cidr: string): string {
  const [address = "", bits = "32"] = cidr.split("/")
  const parts = address.split(".").map(Number)
  const net = parts.map((part, at) => {
    const kept = Math.min(8, Math.max(0, Number(bits) - at * 8))
    return part & (0xff << (8 - kept)) & 0xff
  })
  return `${net.join(".")}/${bits}`
}

/** A look that tells the addresses, too. */
export function withAddresses(look: LookAtNetwork): LookAtNetwork {
  return async (options) => {
    const { network, wake } = await look(options)
    return { network: { ...network, addresses: ownAddresses().slice(0, MOST_ADDRESSES) }, wake }
  }
}
