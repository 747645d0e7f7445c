import type { HostNetwork, NetworkKind } from "../protocol/network.ts"
import type { FactSheet } from "./fact-sheet.ts"

const KINDS: Readonly<Record<string, NetworkKind>> = { ethernet: "ethernet", wifi: "wifi", thunderbolt: "thunderbolt" }

/**
 * How a Mac is on the network, from facts of `route -n get default`, `networksetup -listallhardwareports`, `ifconfig -a` and, where
 * they were asked, `system_profiler`'s SPAirPortDataType and SPThunderboltDataType. What two of them say differently is unknown.
 */
export function hostNetworkOf(sheet: FactSheet): HostNetwork {
  const name = sheet.text("defaultInterface")
  const kind = name === null ? "unknown" : (KINDS[sheet.text("linkKind", name) ?? ""] ?? "unknown")
  const peers = sheet.value("thunderboltPeers")
  return {
    kind,
    mbps: name === null ? null : mbpsOf(sheet, name, kind),
    interface: name,
    peers: Array.isArray(peers) ? peers.map(String) : [],
  }
}

/** Over Thunderbolt the system tells speeds of buses, not of the bridge over them. */
function mbpsOf(sheet: FactSheet, name: string, kind: NetworkKind): number | null {
  if (kind === "ethernet") return sheet.number("linkMbps", name)
  return kind === "wifi" ? sheet.number("wifiMbps", name) : null
}

/** Whether the system is set to wake for the network: `womp` of `pmset -g`, which has what holds just now; `null`: it does not say. */
export function wakesForNetwork(sheet: FactSheet): boolean | null {
  const setting = sheet.number("powerSetting", "womp")
  return setting === null ? null : setting === 1
}
