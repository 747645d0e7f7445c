/** A net of IPv4 addresses, as people write it: "10.0.7.0/24". */
export interface Ipv4Net {
  /** Its first address, as a number. */
  readonly first: number
  /** How many bits all its addresses have in common, 0 to 32. */
  readonly bits: number
}

/** An address as a number; `null` where it is none. */
export function ipv4Number(text: string): number | null {
  const parts = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text)
  if (parts === null) return null
  const bytes = parts.slice(1).map(Number)
  if (bytes.some((byte) => byte > 255)) return null
  return bytes.reduce((sum, byte) => sum * 256 + byte, 0)
}

/** The net that an address with a number of bits lies in: of "10.0.7.5/24" that is 10.0.7.0/24. `null` where it is none. */
export function ipv4Net(text: string): Ipv4Net | null {
  const [, address = "", typed = ""] = /^([\d.]+)\/(\d{1,2})$/.exec(text) ?? []
  const number = ipv4Number(address)
  const bits = Number(typed)
  if (number === null || typed === "" || bits > 32) return null
  const size = 2 ** (32 - bits)
  return { first: Math.floor(number / size) * size, bits }
}

export function netText({ first, bits }: Ipv4Net): string {
  const parts = [24, 16, 8, 0].map((shift) => Math.floor(first / 2 ** shift) % 256)
  return `${parts.join(".")}/${bits}`
}

/** Whether all of `inner` lies in `outer`. */
export function holdsNet(outer: Ipv4Net, inner: Ipv4Net): boolean {
  return outer.bits <= inner.bits && inner.first >= outer.first && inner.first < outer.first + 2 ** (32 - outer.bits)
}

/** Whether an address lies in a net, both as texts; false where either is none. */
export function isInNet(net: string, address: string): boolean {
  const outer = ipv4Net(net)
  const number = ipv4Number(address)
  return outer !== null && number !== null && holdsNet(outer, { first: number, bits: 32 })
}
