import { formatBytes } from "../../base/bytes.ts"
import { formatAbout } from "../../base/duration.ts"
import type { HostId } from "../../protocol/ids.ts"
import { expectedMbps, LARGE_WORKSPACE_BYTES } from "../../protocol/network.ts"
import { moveMs, NO_MATTER_MS } from "../../scheduler/move.ts"
import { couldRunOn } from "../../scheduler/obstacle.ts"
import type { Core } from "../core.ts"
import type { FleetHost } from "../fleet/fleet-host.ts"
import { isCurrent } from "../jobs/close-attempt.ts"
import type { Tried } from "../jobs/job-table.ts"
import { shapeOf } from "../jobs/shape-of.ts"

/**
 * Says with the job, in its own change, when much of its folder must go to its host over Wi-Fi: how long that takes, and which host
 * is wired.
 * @param bytes what the host has said it lacks
 */
export async function tellTravel(core: Core, tried: Tried, bytes: number): Promise<void> {
  const text = travelText(core, tried, bytes)
  if (text === null) return
  await core.ledger.change(() => {
    const { job, attempt } = tried
    if (!isCurrent(tried) || attempt.state !== "starting" || job.stop !== null) return
    job.reason = `placing ${text}`
    core.ledger.jobChanged(job)
  })
}

/** "400 MB over Wi-Fi to mac-3: about 14 s; mac-1 is wired"; `null` where there is nothing to say. */
export function travelText(core: Core, { job, attempt }: Tried, bytes: number): string | null {
  return wifiText(core, shapeOf(job), attempt.hostId, bytes)
}

/** The same of a job that is not there yet. @param shape what decides where it may run */
export function wifiText(core: Core, shape: JobShape, hostId: HostId, bytes: number): string | null {
  const host = core.fleet.get(hostId)
  const told = host?.record.network.told
  if (host === undefined || told?.kind !== "wifi" || bytes < LARGE_WORKSPACE_BYTES) return null
  const ms = moveMs(bytes, expectedMbps(told, host.serverMbps))
  if (ms < NO_MATTER_MS) return null
  const wired = [...core.fleet.schedulable()].filter((other) => {
    const isWired = isOnCable(core.fleet.get(other.id))
    return isWired && other.link === "ready" && couldRunOn(shape, other)
  })
  const [first] = wired
  const others = first === undefined ? "" : `; ${first.name} is wired`
  return `${formatBytes(bytes)} over Wi-Fi to ${host.record.name}: about ${formatAbout(ms)}${others}`
}

type JobShape = ReturnType<typeof shapeOf>

function isOnCable(host: FleetHost | undefined): boolean {
  const kind = host?.record.network.told?.kind
  return kind === "ethernet" || kind === "thunderbolt"
}
