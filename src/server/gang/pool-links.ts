import type { HostId } from "../../protocol/ids.ts"
import { type SetLink, setLink } from "../../scheduler/links/set-link.ts"
import { linksOf } from "../../scheduler/queue/host-links.ts"
import type { QueueHost } from "../../scheduler/queue/queue-scene.ts"
import type { Core } from "../core.ts"

type Linked = NonNullable<QueueHost["linked"]>

/** What is known of how a host is linked with others; nothing where it has not said. */
export function linkedOf(core: Core, id: HostId): { readonly linked?: Linked } {
  const record = core.fleet.get(id)?.record
  const told = record?.network.told ?? null
  if (told === null) return {}
  const { kind, mbps, peers } = told
  const mbpsTo = new Map<HostId, number>()
  for (const one of core.store.measures.of(id)) if (one.from === id) mbpsTo.set(one.to as HostId, one.mbps)
  return { linked: { kind, mbps, peers, model: record?.facts?.model ?? null, mbpsTo } }
}

/** How these are linked with each other. */
export function linkOfSet(core: Core, hosts: readonly HostId[]): SetLink {
  const links = linksOf(hosts.map((id) => ({ id, ...linkedOf(core, id) })))
  return links === null ? { kind: "unknown", mbps: null } : setLink(links.hosts, links.measured)
}
