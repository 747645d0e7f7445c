import { fits, type Resources, subtractResources } from "../../protocol/resources.ts"
import type { JobRecord } from "../../store/job-record.ts"
import type { Core } from "../core.ts"
import type { Placement } from "../jobs/place.ts"

/**
 * The hosts that a plan gives a job, as its members by rank. A hive says itself which host has which rank and what it holds there: its plan was made with the
 * least of that for each.
 * @returns `null` where one of its hosts has no room for what it holds there
 */
export function membersPlaced(
  core: Core,
  { spec }: JobRecord,
  placements: readonly Placement[],
): readonly Placement[] | null {
  const pinned = spec.gang?.members
  if (pinned === undefined) return placements
  const placed = pinned.flatMap(({ host, memoryBytes }) => {
    const found = placements.find((one) => one.host === host)
    return found === undefined ? [] : { ...found, resources: { ...found.resources, memoryBytes } }
  })
  return placed.length === pinned.length && placed.every((one) => hasRoom(core, one)) ? placed : null
}

function hasRoom(core: Core, { host, resources }: Placement): boolean {
  const known = core.fleet.get(host)
  if (known === undefined) return false
  let free: Resources = known.total
  for (const { attempt } of core.table.onHost(host)) {
    if (!attempt.swept && attempt.suspended === null) free = subtractResources(free, attempt.lease)
  }
  return fits(resources, free)
}
