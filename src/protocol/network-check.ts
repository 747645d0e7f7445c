import { checkAddress } from "./gang-wire.ts"
import { MOST_ADDRESSES, NETWORK_KINDS } from "./network.ts"
import type { NetworkNews } from "./network-wire.ts"
import { countOrNull, fail, list, object, type Raw } from "./raw-check.ts"

const KINDS: ReadonlySet<unknown> = new Set(NETWORK_KINDS)
const INTERFACE = /^[\w.:-]{1,32}$/
const MODEL = /^[A-Za-z]{1,20}\d{1,3},\d{1,3}$/
const HARDWARE = /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/
const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}$/
const MOST_PEERS = 32

/** Checks of what an agent tells of its host on the network: a part of agent-check.ts. */
export const NETWORK_CHECKS: Readonly<Record<NetworkNews["type"], (raw: Raw, type: string) => void>> = {
  network: (raw, type) => {
    const network = object(raw.network, type, "network")
    if (!KINDS.has(network.kind)) fail(type, "kind")
    countOrNull(network, "mbps", type, 10_000_000)
    if (network.interface !== null && !isText(network.interface, INTERFACE)) fail(type, "interface")
    const peers = list(network, "peers", type)
    if (peers.length > MOST_PEERS || !peers.every((peer) => isText(peer, MODEL))) fail(type, "peers")
    if (network.addresses !== undefined) {
      const addresses = list(network, "addresses", type)
      if (addresses.length > MOST_ADDRESSES) fail(type, "addresses")
      for (const each of addresses) checkAddress(each, type)
    }
    if (raw.wake === null) return
    const wake = object(raw.wake, type, "wake")
    if (!isText(wake.hardware, HARDWARE)) fail(type, "hardware")
    if (!isText(wake.broadcast, IPV4)) fail(type, "broadcast")
    if (wake.isAllowed !== null && typeof wake.isAllowed !== "boolean") fail(type, "isAllowed")
  },
}

function isText(value: unknown, form: RegExp): boolean {
  return typeof value === "string" && form.test(value)
}
