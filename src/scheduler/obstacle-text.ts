import { formatBytes, formatLessBytes } from "../base/bytes.ts"
import { formatAbout, formatDuration } from "../base/duration.ts"
import { keptText } from "./bookings/kept-text.ts"
import { BY_NUMBER, type JobNames } from "./job-names.ts"
import type { Obstacle } from "./obstacle.ts"
import type { Shape } from "./shape.ts"
import type { Lease, SchedulableHost } from "./snapshot.ts"

/** Leases named in an answer; the rest is counted. */
const MAX_NAMED = 3

/** What of it is to be said in words: that a host takes no new jobs goes without saying where it lets nobody in. */
export function toTell<One extends { readonly code: string }>(obstacles: readonly One[]): readonly One[] {
  const isRefused = obstacles.some(({ code }) => code === "host_refused")
  return isRefused ? obstacles.filter(({ code }) => code !== "host_draining") : obstacles
}

/**
 * An obstacle in words, as the end of "studio1: ...".
 * @param isAlone whether the job could start there but for it
 */
export function describeObstacle(
  obstacle: Obstacle,
  host: SchedulableHost,
  shape: Shape,
  nowMs: number,
  isAlone = false,
  nameOf: JobNames = BY_NUMBER,
): string {
  switch (obstacle.code) {
    case "pinned_elsewhere":
      return `the job asks for host ${shape.hostWanted}`
    case "other_partition":
      return `not in partition ${shape.partition}`
    case "not_for_user":
      return `its rules let no jobs of ${shape.user} run there (who)`
    case "data_elsewhere":
      return `the data ${obstacle.names.join(" and ")} does not lie there`
    case "memory_too_small":
      if (obstacle.keeps !== undefined) {
        const { bytes, ofBytes } = obstacle.keeps
        return `its rules keep ${formatBytes(bytes)} of its ${formatBytes(ofBytes)} from jobs (keep_memory), ${formatBytes(obstacle.asked)} asked`
      }
      return `too little memory: ${formatBytes(obstacle.asked)} asked, it has ${formatLessBytes(obstacle.has, obstacle.asked)}`
    case "gpu_memory_too_small":
      return `too little memory for a GPU job: ${formatBytes(obstacle.asked)} asked, Metal gives it ${formatLessBytes(obstacle.has, obstacle.asked)}`
    case "crashed_there":
      return `it crashed ${obstacle.times} times while it ran this job, which does not go there again: to try it all the same, send it under another name (-J NAME), or have an administrator say that what made it crash is mended: windfall host set ${host.name} --forgive`
    case "memory_short":
      return `${formatLessBytes(Math.max(0, obstacle.free), obstacle.asked)} free for ${obstacle.forGpu ? "GPU jobs" : "jobs"} now, ${formatBytes(obstacle.asked)} asked`
    case "gpus_too_few":
      return obstacle.has === 0 ? "has no GPU" : `too few GPUs: ${obstacle.asked} asked, it has ${obstacle.has}`
    case "cores_too_few":
      return `too few cores: ${obstacle.asked} asked, it has ${obstacle.has}`
    case "host_connecting":
      return "not connected yet"
    case "host_asleep":
      return wokenText(host, nowMs)
    case "host_down":
      return host.reason === null ? "not reachable" : `not reachable: ${host.reason}`
    case "host_refused":
      return host.reason === null ? "not accepted" : `not accepted: ${host.reason}`
    case "host_draining":
      return "draining: it takes no new jobs"
    case "host_withheld":
      return host.withheld === null ? "withheld" : `withheld: ${host.withheld}`
    case "paused":
    case "outside_hours":
    case "owner_here":
    case "presence_unknown":
    case "owner_away_too_short":
    case "on_battery":
    case "power_unknown":
    case "low_power_mode":
    case "foreign_load":
    case "memory_needed":
      return obstacle.text
    case "booked":
    case "not_booked":
    case "booking_over":
    case "booking_to_come":
      return keptText(obstacle, nowMs, isAlone)
    case "gpu_leased":
      return `its GPU is leased by ${describeLeases(obstacle.leases, nowMs, nameOf)}`
    case "memory_leased":
      return `too little memory now: ${formatBytes(obstacle.asked)} asked, ${formatLessBytes(Math.max(0, obstacle.free), obstacle.asked)} free beside ${describeLeases(obstacle.leases, nowMs, nameOf)}`
    case "cores_leased":
      return `too few cores now: ${obstacle.asked} asked, ${Math.max(0, obstacle.free)} free beside ${describeLeases(obstacle.leases, nowMs, nameOf)}`
    case "secrets_apart":
      return `secrets and other users' jobs do not meet on one host: ${describeLeases(obstacle.leases, nowMs, nameOf)} runs there`
    case "held_for_earlier":
      return `held for ${numbered(obstacle.jobs, obstacle.more, nameOf)}, ${whyHeld(obstacle)}`
  }
}

/** Once it was woken long ago, that is no news any more. */
const WOKEN_TOLD_MS = 10 * 60_000

function whyHeld({ ofOwner, isMade }: Extract<Obstacle, { readonly code: "held_for_earlier" }>): string {
  if (isMade === true) return "for which others were asked to make room"
  return ofOwner === true ? "of its owner, who goes first here" : "earlier in the queue"
}

function wokenText({ network }: SchedulableHost, nowMs: number): string {
  const agoMs = nowMs - (network?.wokenAtMs ?? Number.NEGATIVE_INFINITY)
  return agoMs < WOKEN_TOLD_MS ? `asleep: woken ${formatAbout(Math.max(0, agoMs))} ago` : "asleep"
}

/** "job 4 (ends within 12m 00s)", "jobs 4, 5 and 6", "jobs 4, 5, 6 and 9 more". */
function describeLeases(leases: readonly Lease[], nowMs: number, nameOf: JobNames): string {
  const named = leases.slice(0, MAX_NAMED).map((lease) => lease.job)
  const text = numbered(named, leases.length - named.length, nameOf)
  let endMs = 0
  for (const lease of leases) endMs = Math.max(endMs, lease.expectedEndMs ?? Number.POSITIVE_INFINITY)
  return endMs > nowMs && endMs < Number.POSITIVE_INFINITY
    ? `${text} (${leases.length === 1 ? "ends" : "end"} within ${formatDuration(endMs - nowMs)})`
    : text
}

function numbered(jobs: readonly number[], more: number, nameOf: JobNames): string {
  const parts = [...jobs.map(nameOf), ...(more > 0 ? [`${more} more`] : [])]
  const last = parts.pop() ?? ""
  const list = parts.length === 0 ? last : `${parts.join(", ")} and ${last}`
  return `${jobs.length + more === 1 ? "job" : "jobs"} ${list}`
}
