import { existsSync, readFileSync } from "node:fs"
import { networkInterfaces } from "node:os"
import type { HostNetwork, WakeAddress } from "../../protocol/network.ts"
import { type NetworkLook, UNKNOWN_NETWORK } from "./network-look.ts"

/** ARPHRD_ETHER (linux/if_arp.h): Ethernet, and Wi-Fi, which has a folder `wireless` besides. */
const ETHERNET_TYPE = "1"

/** Looks at the interface of the default route: /proc/net/route (proc(5)) and /sys/class/net (sysfs-class-net). */
export function linuxNetwork(interfaces = networkInterfaces()): NetworkLook {
  const name = defaultInterface(readText("/proc/net/route") ?? "")
  if (name === null) return UNKNOWN_NETWORK
  const of = (what: string) => readText(`/sys/class/net/${name}/${what}`)?.trim() ?? null
  const isWireless = existsSync(`/sys/class/net/${name}/wireless`)
  const kind = of("type") !== ETHERNET_TYPE ? "unknown" : isWireless ? "wifi" : "ethernet"
  // Of Wi-Fi the kernel tells no speed here; of what has none it tells -1 or an error.
  const mbps = kind === "ethernet" ? Number(of("speed") ?? -1) : -1
  const network: HostNetwork = {
    kind,
    mbps: Number.isInteger(mbps) && mbps > 0 ? mbps : null,
    interface: name,
    peers: [],
  }
  const hardware = of("address")
  const own = interfaces[name]?.find(({ family }) => family === "IPv4")
  const broadcast = own === undefined ? null : broadcastOf(own.address, own.netmask)
  const wake: WakeAddress | null =
    kind === "ethernet" && broadcast !== null && hardware !== null && /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/.test(hardware)
      ? { hardware, broadcast, isAllowed: null }
      : null
  return { network, wake }
}

/** The interface of the default route with the least metric; `null`: there is none. */
export function defaultInterface(routes: string): string | null {
  let best: { readonly name: string; readonly metric: number } | null = null
  for (const line of routes.split("\n").slice(1)) {
    const [name, destination, , , , , metric, mask] = line.trim().split(/\s+/)
    if (name === undefined || !/^[\w.:-]{1,32}$/.test(name) || destination !== "00000000" || mask !== "00000000")
      continue
    if (best === null || Number(metric) < best.metric) best = { name, metric: Number(metric) }
  }
  return best?.name ?? null
}

/** Where all machines of a net hear: the address with every bit set that the mask does not have. */
export function broadcastOf(address: string, netmask: string): string | null {
  const masks = netmask.split(".").map(Number)
  const parts = address.split(".").map((part, at) => Number(part) | (~(masks[at] ?? 255) & 255))
  return parts.length === 4 && parts.every((part) => Number.isInteger(part) && part >= 0) ? parts.join(".") : null
}

/** The machine's id (machine-id(5)), to be hashed by the caller at once; `null` where there is none. */
export function linuxMachineId(): string | null {
  const id = readText("/etc/machine-id")?.trim() ?? ""
  return /^[0-9a-f]{32}$/.test(id) ? id : null
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, "utf8")
  } catch {
    return null
  }
}
