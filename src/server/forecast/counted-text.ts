import { formatDuration } from "../../base/duration.ts"
import { expectedHours } from "../../scheduler/forecast/expected-presence.ts"
import { usualTimes, usualTimesText } from "../../scheduler/forecast/usual-times.ts"
import { type PresenceCounted, presenceText } from "../../scheduler/queue/presence-counted.ts"
import type { Core } from "../core.ts"
import type { Viewer } from "../jobs/job-view.ts"
import { mayKnowWeek } from "./week-view.ts"

const MOST_HOSTS = 3

/**
 * What an expected start rests on of people's habits, for the end of a sentence. Everybody is told until when no start is planned, as that follows from
 * the plan; of the week only who may know it.
 */
export function countedText(core: Core, counted: readonly PresenceCounted[], nowMs: number, viewer?: Viewer): string {
  const parts = counted.slice(0, MOST_HOSTS).flatMap(({ host: id, untilMs }) => {
    const host = core.fleet.get(id)
    if (host === undefined) return []
    const { name, owner } = host.record
    const week = core.weeks.weekOf(id)
    const times = week === null ? null : usualTimesText(usualTimes(expectedHours(week)))
    const isTold = times !== null && viewer !== undefined && mayKnowWeek(host, viewer)
    const habit = isTold ? ` (${owner ?? "somebody"} is usually there ${times})` : ""
    return `${name} for ${formatDuration(untilMs - nowMs)}${habit}`
  })
  const more = counted.length > parts.length ? ` and ${counted.length - parts.length} more` : ""
  return parts.length === 0 ? "" : `${presenceText(parts)}${more}`
}
