import { nameOfModel } from "../../facts/model-name.ts"
import type { HostNetwork } from "../../protocol/network.ts"

/** How a host is on the network, long and short: "10 GbE, Thunderbolt to Mac Studio 2025" and "10 GbE+TB"; "-": not known. */
export function networkTexts(network: HostNetwork | null): readonly [long: string, short: string] {
  if (network === null) return ["-", "-"]
  const kind = kindText(network)
  const { peers } = network
  if (peers.length === 0) return [kind, kind]
  const to = peers.length === 1 ? nameOfModel(peers[0] ?? "") : `${peers.length} Macs`
  return kind === "-" || kind === "Thunderbolt"
    ? [`Thunderbolt to ${to}`, "Thunderbolt"]
    : [`${kind}, Thunderbolt to ${to}`, `${kind}+TB`]
}

function kindText({ kind, mbps }: HostNetwork): string {
  switch (kind) {
    case "ethernet":
      if (mbps === null) return "Ethernet"
      return mbps >= 1_000 ? `${mbps / 1_000} GbE` : `${mbps} Mb/s`
    case "wifi":
      return "Wi-Fi"
    case "thunderbolt":
      return "Thunderbolt"
    case "unknown":
      return "-"
  }
}
