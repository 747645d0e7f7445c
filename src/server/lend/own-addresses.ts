import { connect, isIPv6 } from "node:net"

const CONNECT_MS = 5_000

/** How this server stands to a machine that it is to come to by ssh. */
export interface OwnAddresses {
  /** As `from=` in authorized_keys takes them: where that machine sees this server come from. */
  readonly patterns: readonly string[]
  /** Why the machine cannot be reached, where it cannot. */
  readonly problem: string | null
}

/** Connects to each address and looks where from. At least one must answer. */
export async function ownAddresses(addresses: readonly string[], port: number): Promise<OwnAddresses> {
  const found = await Promise.allSettled(addresses.map((address) => localAddress(address, port)))
  const patterns = found.flatMap((each) => (each.status === "fulfilled" ? [fromPattern(each.value)] : []))
  const failed = found.find((each) => each.status === "rejected")
  if (patterns.length > 0) return { patterns: [...new Set(patterns)], problem: null }
  return { patterns: [], problem: failed === undefined ? "it has no address" : (failed.reason as Error).message }
}

/** An IPv6 address changes from day to day, its network does not; link-local ones carry an interface that only that machine knows. */
export function fromPattern(address: string): string {
  const plain = plainAddress(address)
  if (!isIPv6(plain)) return plain
  if (/^fe[89ab]/i.test(plain)) return "fe80::/10"
  const [head = "", tail] = plain.split("::")
  const groups = head === "" ? [] : head.split(":")
  const behind = tail === undefined || tail === "" ? [] : tail.split(":")
  while (tail !== undefined && groups.length + behind.length < 8) groups.push("0")
  return `${[...groups, ...behind].slice(0, 4).join(":")}::/64`
}

/** Without what a socket for both kinds puts before an IPv4 address, and without the interface. */
export function plainAddress(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, "").replace(/%.*$/, "")
}

function localAddress(address: string, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: address, port, timeout: CONNECT_MS })
    socket.on("connect", () => {
      resolve(socket.localAddress ?? "")
      socket.destroy()
    })
    socket.on("timeout", () => socket.destroy(new Error(`${address} does not answer on port ${port}`)))
    socket.on("error", reject)
  })
}
