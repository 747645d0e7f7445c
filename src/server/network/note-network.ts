import type { NetworkNews } from "../../protocol/network-wire.ts"
import type { Core } from "../core.ts"
import type { FleetHost } from "../fleet/fleet-host.ts"

/** Keeps how a host is on the network, within a change. A repeat changes nothing. */
export function noteNetwork(core: Core, host: FleetHost, { network: told, wake: wakeAddress }: NetworkNews): void {
  const { record } = host
  // Field by field: what only a later release says is no field of the API.
  const { kind, mbps, interface: name, peers } = told
  const addresses = told.addresses?.map(({ address, net, interface: its }) => ({ address, net, interface: its }))
  const known = {
    told: { kind, mbps, interface: name, peers, ...(addresses === undefined ? {} : { addresses }) },
    wakeAddress: wakeAddressOf(wakeAddress),
  }
  const network = { ...known, wake: record.network.wake }
  if (JSON.stringify(network) === JSON.stringify(record.network)) return
  core.fleet.update(host, { ...record, network })
  core.ledger.hostChanged(host)
  core.wakePlanner()
}

function wakeAddressOf(wake: NetworkNews["wake"]): NetworkNews["wake"] {
  if (wake === null) return null
  const { hardware, broadcast, isAllowed } = wake
  return { hardware, broadcast, isAllowed }
}
