import type { PortListener } from "./platform.ts"

interface Bound {
  readonly address: string
  readonly pid: number
}

/**
 * `netstat -anp tcp`: columns Proto, Recv-Q, Send-Q, Local Address, Foreign Address, (state), where an address is
 * `127.0.0.1.8888`, `::1.8888` or `*.8888`. A `tcp46` takes both kinds.
 */
export function parseNetstatListeners(text: string, port: number): string[] {
  const found: string[] = []
  for (const line of text.split("\n")) {
    const [kind = "", , , local = "", , state] = line.trim().split(/\s+/)
    if (!kind.startsWith("tcp") || state !== "LISTEN" || !local.endsWith(`.${port}`)) continue
    found.push(addressOf(local.slice(0, -`.${port}`.length), kind !== "tcp4"))
  }
  return found
}

/** `lsof -FpPtn`: lines `pPID`, then for each socket `fFD`, `tIPv4` or `tIPv6`, `PTCP`, `nADDRESS:PORT` with `[::1]` and `*`. */
export function parseLsofListeners(text: string): Bound[] {
  const found: Bound[] = []
  let pid = 0
  let isIpv6 = false
  for (const line of text.split("\n")) {
    const rest = line.slice(1)
    if (line.startsWith("p")) pid = Number(rest)
    else if (line.startsWith("t")) isIpv6 = rest === "IPv6"
    else if (line.startsWith("n")) {
      const host = rest.slice(0, rest.lastIndexOf(":")).replace(/^\[|\]$/g, "")
      found.push({ address: addressOf(host, isIpv6), pid })
    }
  }
  return found
}

/** One listener for each socket that netstat shows; who holds it where lsof knows, else nobody this account may name. */
export function joinListeners(all: readonly string[], own: readonly Bound[]): PortListener[] {
  const counts = new Map<string, number>()
  for (const address of all) counts.set(address, (counts.get(address) ?? 0) + 1)
  const addresses = new Set([...counts.keys(), ...own.map(({ address }) => address)])
  return [...addresses].flatMap((address) => {
    const pids = [...new Set(own.filter((one) => one.address === address).map(({ pid }) => pid))]
    // A socket that a child has inherited is shown once by netstat and twice by lsof.
    const known: PortListener[] = pids.length === 0 ? [] : [{ address, id: null, pids }]
    const strangers = (counts.get(address) ?? 0) - pids.length
    return [...known, ...Array.from({ length: Math.max(0, strangers) }, () => ({ address, id: null, pids: [] }))]
  })
}

function addressOf(text: string, isIpv6: boolean): string {
  if (text === "*") return isIpv6 ? "::" : "0.0.0.0"
  // A link-local address has its interface behind it: fe80::1%lo0.
  return text.replace(/%.*$/, "").replace(/^::ffff:(?=\d+\.)/, "")
}
