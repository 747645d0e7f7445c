import { WindfallError } from "../../protocol/errors.ts"
import { netsWith, readHiveNets } from "../../protocol/hive-network.ts"
import type { HostId } from "../../protocol/ids.ts"
import type { ReplicaPlan } from "../../protocol/model-api.ts"
import type { HiveNetworkRequest } from "../../protocol/owner-api.ts"
import type { Core } from "../core.ts"
import type { FleetHost } from "./fleet-host.ts"

/** Networks that are trusted for members of hives and that a host has an address in. */
export function hiveNetsOf(core: Pick<Core, "store">, { record }: Pick<FleetHost, "record">): readonly string[] {
  const addresses = record.network.told?.addresses ?? []
  return addresses.length === 0 ? [] : netsWith(core.store.hiveNets.of(record.fleet), addresses)
}

/**
 * Says which networks members of hives on hosts of this fleet may talk over, in place of those that were said before; none: cables between Macs
 * alone, and tunnels. Within a change.
 * @throws {WindfallError} `invalid_input` naming what cannot be trusted, and why
 */
export function setHiveNets(core: Core, fleet: string, request: HiveNetworkRequest, actor: string): void {
  const read =
    request.nets.length === 0 ? { nets: [], problem: null } : readHiveNets(request.nets, request.allowsPublic)
  if (read.nets === null)
    throw new WindfallError("invalid_input", `Cannot trust a network for hives: ${read.problem}`, { hint: read.hint })
  const before = core.store.hiveNets.of(fleet)
  if (JSON.stringify(before) === JSON.stringify(read.nets)) return
  core.store.hiveNets.put(fleet, read.nets)
  const what = read.nets.length === 0 ? "no network is trusted any more" : `trusted: ${read.nets.join(", ")}`
  core.ledger.event({ type: "fleet_changed", fleet, what: `hive network: ${what}` }, actor)
}

/** Why the members of a plan may not talk any more over what it says; `null` where they may. */
export function whyBarred(core: Pick<Core, "store" | "fleet">, plan: ReplicaPlan | null): string | null {
  if (plan?.over?.kind !== "trusted") return null
  const { nets } = plan.over
  const trusted = core.store.hiveNets.all()
  const gone = plan.members
    .map(({ host }) => trusted.get(core.fleet.get(host as HostId)?.record.fleet ?? "") ?? [])
    .flatMap((kept) => nets.filter((net) => !kept.includes(net)))
  return gone[0] === undefined ? null : `the network ${gone[0]} is not trusted for its members any more`
}
