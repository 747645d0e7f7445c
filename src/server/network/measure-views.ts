import type { HostId } from "../../protocol/ids.ts"
import { type MeasureView, type NetworkMeasure, SERVER_END } from "../../protocol/network.ts"
import type { Core } from "../core.ts"

/** What was measured between a host and others, latest first. */
export function measureViews(core: Core, host: HostId): MeasureView[] {
  const pairs = new Map<string, NetworkMeasure[]>()
  for (const measure of core.store.measures.of(host)) {
    const other = measure.from === host ? measure.to : measure.from
    pairs.set(other, [...(pairs.get(other) ?? []), measure])
  }
  return [...pairs].flatMap(([other, measures]) => {
    const [latest] = measures
    const name = other === SERVER_END ? SERVER_END : core.fleet.get(other as HostId)?.record.name
    if (latest === undefined || name === undefined) return []
    const rate = (end: "from" | "to") => measures.find((one) => one[end] === host)?.mbps ?? null
    return [{ with: name, toMbps: rate("to"), fromMbps: rate("from"), roundTripMs: latest.roundTripMs, at: latest.at }]
  })
}

/** Megabits a second from the server to a host, as measured last; `null`: never. */
export function measuredFromServer(core: Pick<Core, "store">, host: HostId): number | null {
  return core.store.measures.of(host).find(({ from }) => from === SERVER_END)?.mbps ?? null
}
