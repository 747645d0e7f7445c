import type { MemberAddress, MemberPlace } from "../../protocol/gang-wire.ts"
import type { HiveNetwork } from "../../protocol/hive-network.ts"
import { isInNet } from "../../protocol/ipv4-net.ts"
import { type AtGate, rosterOf } from "./roster.ts"

const LOOPBACK: Pick<MemberAddress, "address" | "interface"> = { address: "127.0.0.1", interface: "lo0" }

/**
 * By which addresses members of a hive speak: those in one net that is trusted, loopback where the server carries all, else as of any job on several
 * hosts. Where none of the nets has an address of each the members refuse what they are given: this one does not fail. Pure.
 */
export function hiveRoster(
  members: readonly AtGate[],
  network: HiveNetwork | undefined,
  byThunderbolt: boolean,
): readonly MemberPlace[] {
  const usual = rosterOf(members, byThunderbolt)
  if (network?.kind === "tunnel") return usual.map((place) => ({ ...place, ...LOOPBACK }))
  if (network?.kind !== "trusted") return usual
  const inNet = (net: string) =>
    members.map(({ addresses }) => addresses.find(({ address }) => isInNet(net, address)) ?? null)
  const shared = network.nets.map(inNet).find((found) => !found.includes(null))
  if (shared === undefined) return usual
  return usual.map((place, rank) => {
    const { address, interface: name } = shared[rank] as MemberAddress
    return { ...place, address, interface: name }
  })
}
