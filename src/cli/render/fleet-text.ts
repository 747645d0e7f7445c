import type { FleetView } from "../../protocol/owner-api.ts"
import { renderPairs } from "./table.ts"

/** What is said of a fleet, for people. */
export function fleetPage({ name, hosts, preset, rules, hiveNets }: FleetView): string {
  return renderPairs([
    ["fleet", name],
    ["hosts", hosts.length === 0 ? "none" : hosts.join(" ")],
    ["preset", preset],
    ...Object.entries(rules).map(([rule, text]) => ["rule", `${rule}: ${text}`] as const),
    ...(hiveNets ?? []).map((net) => ["hive network", `trusted ${net}`] as const),
  ])
}
