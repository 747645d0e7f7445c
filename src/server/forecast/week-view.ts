import { WindfallError } from "../../protocol/errors.ts"
import type { WeekView } from "../../protocol/week-api.ts"
import { expectedHours } from "../../scheduler/forecast/expected-presence.ts"
import { usualTimes, usualTimesText } from "../../scheduler/forecast/usual-times.ts"
import type { Core } from "../core.ts"
import type { FleetHost } from "../fleet/fleet-host.ts"
import type { Viewer } from "../jobs/job-view.ts"
import { currentPolicy } from "../policy/pool-policy.ts"
import { zoneOf } from "./taken-times.ts"

/** When somebody is usually at a Mac is for its owner and for administrators. */
export function mayKnowWeek({ record }: Pick<FleetHost, "record">, { user, role }: Viewer): boolean {
  return role === "admin" || user === record.owner
}

/** What was learned of when people are at a host. @throws {WindfallError} not_allowed */
export function weekView(core: Core, host: FleetHost, viewer: Viewer): WeekView {
  refuseOthers(host, viewer, "see when people are usually at")
  const { id, name } = host.record
  const week = core.weeks.weekOf(id)
  const times = week === null ? [] : usualTimes(expectedHours(week))
  return {
    host: id,
    name,
    learns: core.weeks.learnsOf(id),
    byPolicy: currentPolicy(core).owners.learnPresence,
    timeZone: zoneOf(host),
    seenHours: week === null ? 0 : Math.round(week.seenHours.reduce((sum, hours) => sum + hours, 0)),
    times,
    text: usualTimesText(times),
  }
}

/**
 * Lets it be learned, or not any more; either way what was learned until now is forgotten. Within a change.
 * @throws {WindfallError} not_allowed
 */
export function changeWeek(core: Core, host: FleetHost, viewer: Viewer, learns: boolean): WeekView {
  refuseOthers(host, viewer, "say what is learned of")
  const { id, name } = host.record
  core.weeks.setLearns(id, learns)
  const what = learns ? "what was learned of its week is forgotten" : "its week is forgotten, and not learned any more"
  core.ledger.event({ type: "host_changed", host: id, name, what }, viewer.user)
  core.wakePlanner()
  return weekView(core, host, viewer)
}

function refuseOthers(host: FleetHost, viewer: Viewer, doing: string): void {
  if (mayKnowWeek(host, viewer)) return
  throw new WindfallError("not_allowed", `Cannot ${doing} ${host.record.name}: it is not yours`, {
    hint: "Its owner and administrators can",
  })
}
