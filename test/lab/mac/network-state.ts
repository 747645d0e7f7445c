import type { MacState } from "./state.ts"

/** How a Mac is connected; over Thunderbolt to a Mac of this model, besides its link. */
export interface LinkWish {
  readonly kind: "wifi" | "10gbe" | "1gbe"
  readonly thunderboltPeers: readonly string[]
}

interface Port {
  readonly device: string
  readonly kind: "ethernet" | "wifi" | "thunderbolt"
  readonly title: string
  readonly mac: string
  readonly state: "active" | "inactive"
  /** As ifconfig has it behind `media:`. */
  readonly media: string
}

interface MacNetwork {
  /** Of the default route. */
  readonly interface: string
  readonly ports: readonly Port[]
  readonly peers: readonly { readonly bus: number; readonly model: string; readonly gbitPerS: number }[]
  readonly wifiMbps: number | null
}

const MEDIA = {
  "10gbe": "autoselect (10Gbase-T <full-duplex,flow-control>)",
  "1gbe": "autoselect (1000baseT <full-duplex,flow-control>)",
} as const

/** Laptops have Wi-Fi as en0 and Ethernet by an adapter; desktops Ethernet as en0 and Wi-Fi as en1. Thunderbolt ports follow. */
export function networkOf({ model, link, number }: Pick<MacState, "model" | "link" | "number">): MacNetwork {
  const isLaptop = model.form === "laptop"
  const [wifi, ethernet] = isLaptop ? ["en0", "en7"] : ["en1", "en0"]
  const isWifi = link.kind === "wifi"
  const mac = (part: number) =>
    `d0:11:e5:00:${number.toString(16).padStart(2, "0")}:${part.toString(16).padStart(2, "0")}`
  const ports: Port[] = [
    {
      device: ethernet,
      kind: "ethernet",
      title: isLaptop ? "USB 10/100/1G/2.5G LAN" : "Ethernet",
      mac: mac(1),
      state: isWifi ? "inactive" : "active",
      media: link.kind === "wifi" ? "autoselect (none)" : MEDIA[link.kind],
    },
    {
      device: wifi,
      kind: "wifi",
      title: "Wi-Fi",
      mac: mac(2),
      state: isWifi ? "active" : "inactive",
      media: "autoselect",
    },
  ]
  const count = Math.max(3, link.thunderboltPeers.length)
  for (let i = 0; i < count; i++) {
    const isActive = i < link.thunderboltPeers.length
    ports.push({
      device: `en${i + (isLaptop ? 1 : 2)}`,
      kind: "thunderbolt",
      title: `Thunderbolt ${i + 1}`,
      mac: mac(0x80 + i),
      state: isActive ? "active" : "inactive",
      media: "autoselect <full-duplex>",
    })
  }
  ports.sort((a, b) => Number(a.device.slice(2)) - Number(b.device.slice(2)))
  const peers = link.thunderboltPeers.map((peer, bus) => ({ bus, model: peer, gbitPerS: 80 }))
  return { interface: isWifi ? wifi : ethernet, ports, peers, wifiMbps: isWifi ? 866 : null }
}
