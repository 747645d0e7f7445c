/** By which address each member is reached by the others. Pure. */
import type { MemberAddress, MemberPlace } from "../../protocol/gang-wire.ts"

export interface AtGate {
  readonly host: string
  readonly addresses: readonly MemberAddress[]
  readonly ports: readonly [number, number]
  /** The interface of its default route, as far as that is known. */
  readonly usual: string | null
}

const NOWHERE: MemberAddress = { address: "127.0.0.1", net: "127.0.0.0/8", interface: "lo" }
/** Addresses that hosts give themselves where nobody gives them any (RFC 3927): only over a cable between them they mean anything. */
const SELF_GIVEN = /^169\.254\./

/**
 * The address of each in the one net that all share: over Thunderbolt where they are connected so, else the net of most default routes;
 * where they share none, each one's usual address, which a router may lead to.
 * @param byThunderbolt every one of them is connected with every other over Thunderbolt
 */
export function rosterOf(members: readonly AtGate[], byThunderbolt: boolean): readonly MemberPlace[] {
  const shared = sharedNets(members).filter(({ net }) => byThunderbolt || !SELF_GIVEN.test(net))
  const [best] = shared.sort(
    (a, b) => Number(byThunderbolt) * (b.bridges - a.bridges) || b.usual - a.usual || (a.net < b.net ? -1 : 1),
  )
  return members.map(({ host, addresses, ports, usual }) => {
    const inNet = addresses.filter(({ net }) => net === best?.net)
    const own = inNet[0] ?? addresses.find((one) => one.interface === usual) ?? addresses[0] ?? NOWHERE
    return { host, address: own.address, interface: own.interface, ports }
  })
}

interface SharedNet {
  readonly net: string
  /** How many have it at their Thunderbolt bridge, and at their default route. */
  readonly bridges: number
  readonly usual: number
}

function sharedNets(members: readonly AtGate[]): SharedNet[] {
  const nets = new Set(members.flatMap(({ addresses }) => addresses.map(({ net }) => net)))
  return [...nets].flatMap((net) => {
    const there = members.map(({ addresses }) => addresses.filter((one) => one.net === net))
    if (there.some((some) => some.length === 0)) return []
    // macOS names the bridge of its Thunderbolt ports bridge0.
    const bridges = there.filter((some) => some.some((one) => one.interface === "bridge0")).length
    const usual = there.filter((some, at) => some.some((one) => one.interface === members[at]?.usual)).length
    return [{ net, bridges, usual }]
  })
}
