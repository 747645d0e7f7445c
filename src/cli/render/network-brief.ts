import { nameOfModel } from "../../facts/model-name.ts"
import { type HostNetwork, networkText } from "../../protocol/network.ts"

/** How a host is on the network, long and short: "10 GbE, Thunderbolt to Mac Studio 2025" and "10 GbE+TB"; "-": not known. */
export function networkTexts(network: HostNetwork | null): readonly [long: string, short: string] {
  if (network === null) return ["-", "-"]
  const { kind, peers } = network
  const text = networkText(network)
  const short = kind === "wifi" ? "Wi-Fi" : text
  if (peers.length === 0) return [text ?? "-", short ?? "-"]
  const to = `Thunderbolt to ${peers.length === 1 ? nameOfModel(peers[0] ?? "") : `${peers.length} Macs`}`
  return text === null || kind === "thunderbolt" ? [to, "Thunderbolt"] : [`${text}, ${to}`, `${short}+TB`]
}
