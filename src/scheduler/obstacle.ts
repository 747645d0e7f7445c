import type { JobId } from "../protocol/ids.ts"
import { fits, needOn, type Resources } from "../protocol/resources.ts"
import type { KeptHost } from "./bookings/kept-hosts.ts"
import type { Shape } from "./shape.ts"
import type { KeptMemory, Lease, SchedulableHost } from "./snapshot.ts"

/** What keeps a job off a host, as a stable code with its facts. obstacle-text.ts has the words. */
export type Obstacle =
  // These last: the job can never run there as both are.
  | { readonly code: "pinned_elsewhere" | "other_partition" | "not_for_user" }
  | { readonly code: "gpus_too_few" | "cores_too_few"; readonly asked: number; readonly has: number }
  /** `keeps`: only because of that rule. */
  | { readonly code: "memory_too_small"; readonly asked: number; readonly has: number; readonly keeps?: KeptMemory }
  /** The host crashed while it ran such jobs, too often for another try. */
  | { readonly code: "crashed_there"; readonly times: number }
  /** More than Metal lets its GPU have. */
  | { readonly code: "gpu_memory_too_small"; readonly asked: number; readonly has: number }
  /** Data that only some hosts have themselves. */
  | { readonly code: "data_elsewhere"; readonly names: readonly string[] }
  // These pass.
  | {
      readonly code:
        | "host_connecting"
        | "host_asleep"
        | "host_down"
        | "host_refused"
        | "host_draining"
        | "host_withheld"
    }
  /** The host is its owner's first. */
  | { readonly code: OwnerCode; readonly text: string; readonly until: number | null }
  /** It is kept for others, or the job is to run in a booking that is not on there. */
  | KeptHost
  | {
      readonly code: "memory_leased" | "gpu_leased" | "cores_leased"
      readonly asked: number
      readonly free: number
      /** Who holds some of it. */
      readonly leases: readonly Lease[]
    }
  /** Others than jobs use the memory. `free`: what a job could have now. */
  | { readonly code: "memory_short"; readonly asked: number; readonly free: number; readonly forGpu: boolean }
  /** Secrets and other users do not meet on a host. */
  | { readonly code: "secrets_apart"; readonly leases: readonly Lease[] }
  /** Earlier jobs that it would delay there. */
  | {
      readonly code: "held_for_earlier"
      readonly jobs: readonly JobId[]
      readonly more: number
      /** All of them are the host's owner's, who goes first there wherever they stand in the queue. */
      readonly ofOwner?: true
      /** All of them: others were asked to make this room for them. */
      readonly isMade?: true
    }

/** What keeps jobs from starting for the sake of people at a host: codes of presence/obstacle.ts. */
export const OWNER_CODES = [
  "paused",
  "outside_hours",
  "owner_here",
  "presence_unknown",
  "owner_away_too_short",
  "on_battery",
  "power_unknown",
  "low_power_mode",
  "foreign_load",
  "memory_needed",
] as const
export type OwnerCode = (typeof OWNER_CODES)[number]

/** A job is not placed again on a host that has crashed so often while it ran such jobs. */
export const HOST_QUARANTINE_CRASHES = 2

/** How often the host crashed while it ran such jobs. */
export function crashesOn({ crashes }: Pick<Shape, "crashes">, host: SchedulableHost): number {
  return crashes?.find((one) => one.host === host.id)?.times ?? 0
}

/** All that will keep jobs of this shape off the host for good; such a job holds no place there. */
export function lastingObstacles(shape: Shape, host: SchedulableHost): Obstacle[] {
  const found: Obstacle[] = []
  if (isPinnedElsewhere(shape, host)) found.push({ code: "pinned_elsewhere" })
  if (!host.partitions.includes(shape.partition)) found.push({ code: "other_partition" })
  if (host.users !== null && !host.users.has(shape.user)) found.push({ code: "not_for_user" })
  const elsewhere = shape.data.length === 0 ? shape.data : dataElsewhere(shape, host)
  if (elsewhere.length > 0) found.push({ code: "data_elsewhere", names: elsewhere.map(({ name }) => name) })
  const need = needOn(shape.resources, host.total)
  const times = crashesOn(shape, host)
  if (times >= HOST_QUARANTINE_CRASHES) found.push({ code: "crashed_there", times })
  if (need.memoryBytes > host.total.memoryBytes) {
    const { keeps, gpuMemoryBytes = need.memoryBytes } = host
    const elseBytes = Math.min(keeps?.elseBytes ?? 0, need.gpus > 0 ? gpuMemoryBytes : need.memoryBytes)
    const small = { code: "memory_too_small", asked: need.memoryBytes, has: host.total.memoryBytes } as const
    found.push(keeps === undefined || need.memoryBytes > elseBytes ? small : { ...small, keeps })
  }
  if (need.gpus > 0 && host.gpuMemoryBytes !== undefined && need.memoryBytes > host.gpuMemoryBytes) {
    found.push({ code: "gpu_memory_too_small", asked: need.memoryBytes, has: host.gpuMemoryBytes })
  }
  if (need.gpus > host.total.gpus) found.push({ code: "gpus_too_few", asked: need.gpus, has: host.total.gpus })
  if (need.cores > host.total.cores) found.push({ code: "cores_too_few", asked: need.cores, has: host.total.cores })
  return found
}

/** Data of the job that only other hosts have. */
function dataElsewhere({ data }: Shape, host: SchedulableHost): Shape["data"] {
  return data.filter(({ name, root }) => root === null && !host.places.has(name))
}

/** Whether the job could run on the host as both are, whatever keeps it off just now. */
export function couldRunOn(shape: Shape, host: SchedulableHost): boolean {
  return (
    host.partitions.includes(shape.partition) &&
    !isPinnedElsewhere(shape, host) &&
    lastingObstacles(shape, host).length === 0
  )
}

/** The host as if it were as large as the job needs it: for what else keeps the job off. */
export function largeEnough<Host extends SchedulableHost>(host: Host, need: Resources): Host {
  const { total } = host
  if (fits(need, total)) return host
  const memoryBytes = Math.max(need.memoryBytes, total.memoryBytes)
  const larger = {
    memoryBytes,
    gpus: Math.max(need.gpus, total.gpus),
    cores: Math.max(need.cores, total.cores),
  }
  return { ...host, total: larger }
}

function isPinnedElsewhere({ hostWanted }: Shape, { id, name }: SchedulableHost): boolean {
  return hostWanted !== null && hostWanted !== id && hostWanted !== name
}

/** The booking that keeps the job off the host; `undefined`: none does. */
export function keptOn({ kept }: Pick<Shape, "kept">, host: SchedulableHost): KeptHost | undefined {
  return kept?.find((one) => one.host === host.id)
}

/** Whether it will be in the way for as long as job and host are what they are. */
export function isLasting({ code }: Obstacle): boolean {
  return (
    code === "pinned_elsewhere" ||
    code === "other_partition" ||
    code === "not_for_user" ||
    code === "data_elsewhere" ||
    code === "crashed_there" ||
    code === "memory_too_small" ||
    code === "gpu_memory_too_small" ||
    code === "gpus_too_few" ||
    code === "cores_too_few"
  )
}

/**
 * Whether it is in the way only by what people have said of the host (`who`, `keep_memory`), which they may take back: no job is too large
 * for it for ever.
 */
export function isByRules(obstacle: Obstacle): boolean {
  return obstacle.code === "not_for_user" || (obstacle.code === "memory_too_small" && obstacle.keeps !== undefined)
}

/** What keeps every job off the host just now. */
export function hostObstacles(host: SchedulableHost): Obstacle[] {
  const found: Obstacle[] = []
  if (host.link !== "ready") found.push({ code: `host_${host.link}` })
  if (host.draining) found.push({ code: "host_draining" })
  if (host.withheld !== null) found.push({ code: "host_withheld" })
  for (const { code, text, until } of host.ownerObstacles) found.push({ code: ownerCode(code), text, until })
  return found
}

/** Whether the host takes jobs at all just now. */
export function takesJobs({ link, draining, withheld, ownerObstacles }: SchedulableHost): boolean {
  return link === "ready" && !draining && withheld === null && ownerObstacles.length === 0
}

/** A code that only a later release has stays what it is: nobody knows whether the host is free. */
function ownerCode(code: string): OwnerCode {
  return OWNER_CODES.find((each) => each === code) ?? "presence_unknown"
}

/** Whether two jobs may not be on one host together: one has secrets, and the other's user could read them there. */
export function mustStayApart(
  a: { readonly user: string; readonly hasSecrets: boolean },
  b: { readonly user: string; readonly hasSecrets: boolean },
): boolean {
  return a.user !== b.user && (a.hasSecrets || b.hasSecrets)
}
