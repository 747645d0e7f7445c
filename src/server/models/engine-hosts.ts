import type { EngineHosts } from "../../hive/fleet/engine-hosts.ts"
import type { HostEnginesView } from "../../protocol/host-engines.ts"
import type { Core } from "../core.ts"

/** What is known of the engines of hosts, by their names. */
export function engineHosts({ fleet }: Core): EngineHosts {
  return new Map(
    fleet.all().map(({ record, engines }) => {
      const { facts } = record
      return [record.name, { facts, engines: engines?.look?.engines ?? null, rdma: engines?.look?.rdma ?? null }]
    }),
  )
}

/** The same as the API shows it. */
export function engineViews(core: Core): readonly HostEnginesView[] {
  return [...engineHosts(core)].map(([host, { engines, rdma }]) => ({ host, engines, rdma }))
}
