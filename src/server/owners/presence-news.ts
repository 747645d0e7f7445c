import type { HostPresence } from "../../protocol/owner.ts"
import type { Core } from "../core.ts"
import type { FleetHost } from "../fleet/fleet-host.ts"
import { zoneOf } from "../forecast/taken-times.ts"
import { currentPolicy } from "../policy/pool-policy.ts"

/** Who is at a host, as its agent saw it. Kept in memory: after a restart the agent says it anew; what is learned of it is stored. Within a change. */
export function notePresence(core: Core, host: FleetHost, told: HostPresence): void {
  const before = host.presence
  // Only what is known of it: a later release may say more.
  const { at, state, since, text } = told
  const obstacles = told.obstacles.map(({ code, text: words, until }) => ({ code, text: words, until }))
  core.fleet.setPresence(host, { at, state, since, text, obstacles })
  if (currentPolicy(core).owners.learnPresence) {
    core.weeks.note(host.record.id, told, zoneOf(host), core.clock.now())
  }
  if (before === null || JSON.stringify(before.obstacles) !== JSON.stringify(obstacles)) core.wakePlanner()
}
