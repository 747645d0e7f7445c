import type { HostId } from "../../protocol/ids.ts"
import { type NetworkMeasure, SERVER_END } from "../../protocol/network.ts"
import type { Core } from "../core.ts"

/** Stores what was measured, as far as both ends are still in the pool. From then on it counts where jobs are placed. */
export async function storeMeasures(core: Core, measures: readonly NetworkMeasure[]): Promise<void> {
  const isThere = (end: string) => end === SERVER_END || core.fleet.get(end as HostId) !== undefined
  await core.ledger.change(() => {
    for (const measure of measures) {
      if (!isThere(measure.from) || !isThere(measure.to)) continue
      core.store.measures.put(measure)
      if (measure.from === SERVER_END) core.fleet.setServerMbps(measure.to as HostId, measure.mbps)
    }
    core.wakePlanner()
  })
}
