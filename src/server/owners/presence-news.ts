import { SAME_CLOCK_MS } from "../../presence/lever-clock.ts"
import type { HostPresence } from "../../protocol/owner.ts"
import type { Core } from "../core.ts"
import type { FleetHost } from "../fleet/fleet-host.ts"
import { zoneOf } from "../forecast/taken-times.ts"
import { currentPolicy } from "../policy/pool-policy.ts"

/** Who is at a host, as its agent saw it. Kept in memory: after a restart the agent says it anew; what is learned of it is stored. Within a change. */
export function notePresence(core: Core, host: FleetHost, told: HostPresence): void {
  const before = host.presence
  // Only what is known of it: a later release may say more.
  const { at, state, since, blindSince, text } = told
  // By the clock of the host, which it has told in this very moment.
  const aheadMs = clockAheadMs(core.clock.now(), at)
  const here = (hostMs: number) => hostMs + aheadMs
  const blind = blindSince === undefined ? {} : { blindSince: here(blindSince) }
  const obstacles = told.obstacles.map(({ code, text: words, until }) => ({
    code,
    text: words,
    until: until === null ? null : here(until),
  }))
  core.fleet.setPresence(host, { at: here(at), state, since: here(since), ...blind, text, obstacles })
  if (currentPolicy(core).owners.learnPresence) {
    core.weeks.note(host.record.id, told, zoneOf(host), core.clock.now())
  }
  if (before === null || JSON.stringify(before.obstacles) !== JSON.stringify(obstacles)) core.wakePlanner()
}

function clockAheadMs(nowMs: number, hostMs: number): number {
  const aheadMs = nowMs - hostMs
  return Math.abs(aheadMs) < SAME_CLOCK_MS ? 0 : aheadMs
}
