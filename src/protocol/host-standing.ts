import { formatBytes } from "../base/bytes.ts"
import { needsConsent } from "./account-traits.ts"
import type { HostBooking } from "./booking.ts"
import type { HostView } from "./host.ts"
import { barOf, type RuledHost, whoseText } from "./host-bars.ts"
import type { HostObstacle, HostPresence } from "./owner.ts"
import { DEFAULT_MEMORY_BYTES } from "./resources.ts"

/**
 * Whether a host would take a job now, in one word, and why not. free: nothing runs there, and it would; partly: something runs
 * there, and it would still; busy: jobs have all of it; owner, paused, hours, power, load, memory, unknown: for the sake of people there
 * it takes none; closed: its rules do not let jobs of whoever asks run there; booked: it is kept for others now; draining, withheld, leaving, left: it gets none; connecting, asleep, down, refused: it cannot be reached or used.
 */
export const STANDINGS = [
  ...(["free", "partly", "busy"] as const),
  ...(["owner", "paused", "hours", "power", "load", "memory", "unknown"] as const),
  ...(["closed", "booked", "draining", "withheld", "leaving"] as const),
  ...(["connecting", "asleep", "down", "refused", "left"] as const),
] as const
export type StandingCode = (typeof STANDINGS)[number]

export interface HostStanding {
  readonly code: StandingCode
  /** Why, in words, as the end of "mac-3: ..."; "" when there is nothing to say. */
  readonly text: string
}

/** What obstacles (protocol/owner.ts) are called in one word. A code that only a later agent has is `unknown`. */
const OF_OBSTACLE: ReadonlyMap<string, StandingCode> = new Map([
  ["paused", "paused"],
  ["outside_hours", "hours"],
  ["owner_here", "owner"],
  ["owner_away_too_short", "owner"],
  ["presence_unknown", "unknown"],
  ["on_battery", "power"],
  ["power_unknown", "power"],
  ["low_power_mode", "power"],
  ["foreign_load", "load"],
  ["memory_needed", "memory"],
])

/** What is looked at. A server of an older release says nothing of the people at a host. */
export type StandingHost = Pick<
  HostView,
  "link" | "reason" | "leaving" | "draining" | "withheld" | "facts" | "total" | "free" | "jobs"
> &
  RuledHost &
  Partial<Pick<HostView, "freeNowBytes" | "takesYours" | "bookings">> & {
    readonly presence?: HostPresence | null
    readonly obstacles?: readonly HostObstacle[]
  }

/** The first that holds of: it is not there, it gets nothing, nothing of whoever asks, people come first, jobs have it. */
export function standingOf(host: StandingHost): HostStanding {
  const { presence, total, free, freeNowBytes, jobs } = host
  const bar = barOf(host)
  if (bar !== null) return bar
  if (host.takesYours === false)
    return { code: "closed", text: whoseText(host) ?? "its rules do not let your jobs run there (who)" }
  const kept = host.bookings?.find(({ state, forYou }) => state === "now" && !forYou)
  if (kept !== undefined) return { code: "booked", text: `kept for ${bookedFor(kept)} (booking ${kept.name})` }
  const obstacle = (host.obstacles ?? presence?.obstacles)?.[0]
  if (obstacle !== undefined) return { code: OF_OBSTACLE.get(obstacle.code) ?? "unknown", text: obstacle.text }
  const isFull = (total.gpus > 0 && free.gpus < 1) || free.cores < 1 || free.memoryBytes < DEFAULT_MEMORY_BYTES
  if (isFull) return { code: "busy", text: jobs.length > 0 ? "" : "what it has is leased" }
  if (freeNowBytes != null && freeNowBytes < DEFAULT_MEMORY_BYTES) {
    return { code: "memory", text: `other work there leaves jobs ${formatBytes(freeNowBytes)} of memory` }
  }
  const note = needsConsent(host.facts?.accountTraits ?? []) ? "jobs run in its owner's account" : ""
  return { code: jobs.length === 0 ? "free" : "partly", text: note }
}

/** For whom hosts are booked, in words. */
export function bookedFor({ maintenance, users, accounts }: Pick<HostBooking, "maintenance" | "users" | "accounts">) {
  return maintenance ? "maintenance" : [...users, ...accounts.map((name) => `account ${name}`)].join(", ")
}

/** Whether a job could start there at once. */
export function takesJobs({ code }: HostStanding): boolean {
  return code === "free" || code === "partly"
}

const BY_NUMBER = new Intl.Collator("en", { numeric: true })

/** Those that take jobs first, the freest in front; of those that stand alike Macs before hosts without a GPU, then by name: mac-2 before mac-10. */
export function byFreedom<Host extends StandingHost & { readonly name: string }>(hosts: readonly Host[]): Host[] {
  const place = new Map(
    hosts.map((host) => [host, 2 * STANDINGS.indexOf(standingOf(host).code) + (host.total.gpus > 0 ? 0 : 1)]),
  )
  return hosts.toSorted((a, b) => (place.get(a) ?? 0) - (place.get(b) ?? 0) || BY_NUMBER.compare(a.name, b.name))
}

export function byName<Host extends { readonly name: string }>(hosts: readonly Host[]): Host[] {
  return hosts.toSorted((a, b) => BY_NUMBER.compare(a.name, b.name))
}
