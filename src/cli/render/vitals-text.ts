import type { HostView } from "../../protocol/host.ts"
import type { HostPresence } from "../../protocol/owner.ts"
import type { Heat, HostVitals } from "../../protocol/vitals.ts"

/** A host is heard of once a minute at least: what is older than this is said with its age. */
const FRESH_MS = 180_000

const HEAT_WORDS: Readonly<Record<Heat, string>> = {
  nominal: "ok",
  moderate: "warm",
  heavy: "hot",
  trapping: "critical",
  sleeping: "critical",
}

/** "98%", or "98% 5 min ago"; "-" where it is not known. */
export function gpuText(vitals: HostVitals | null, now: number): string {
  return vitals?.gpuBusyPercent == null ? "-" : withAge(`${vitals.gpuBusyPercent}%`, vitals, now)
}

export function heatText(vitals: HostVitals | null, now: number): string {
  return vitals?.heat == null ? "-" : withAge(HEAT_WORDS[vitals.heat], vitals, now)
}

/** "mains", "battery 64%", "UPS". */
export function powerText(vitals: HostVitals | null, now: number): string {
  if (vitals?.power == null) return "-"
  const charge = vitals.chargePercent === null ? "" : ` ${vitals.chargePercent}%`
  const word = { ac: "mains", battery: `battery${charge}`, ups: "UPS" }[vitals.power]
  return withAge(word, vitals, now)
}

function withAge(text: string, { at }: HostVitals, now: number): string {
  return now - at < FRESH_MS ? text : `${text} ${agoText(now - at)} ago`
}

/**
 * Memory a job could have: what is not leased, and no more than the system can give now. `null` where the host is not reached:
 * nothing is free there.
 */
export function freeMemoryBytes(host: HostView, now: number): number | null {
  if (host.link !== "ready") return null
  if (host.freeNowBytes != null) return host.freeNowBytes
  const vitals = host.vitals ?? null
  const available = vitals !== null && now - vitals.at < FRESH_MS ? vitals.memoryAvailableBytes : null
  return Math.max(0, Math.min(host.free.memoryBytes, available ?? Number.POSITIVE_INFINITY))
}

/**
 * "here", "away 42 min", "unknown"; "-" where nobody is looked for, or nobody has looked. What was seen a while ago, as looks fail since or
 * nothing was heard, has its age: "here, seen 40 s ago".
 */
export function whoText(presence: HostPresence | null, now: number): string {
  const old = presence === null ? null : seenAgoText(presence, now)
  if (old !== null && (presence?.state === "here" || presence?.state === "away")) return `${presence.state}, ${old}`
  switch (presence?.state) {
    case "here":
      return "here"
    case "away":
      return `away ${agoText(now - presence.since)}`
    case "unknown":
      return "unknown"
    default:
      return "-"
  }
}

/** "seen 40 s ago"; `null` for what is fresh. */
export function seenAgoText({ at, blindSince }: HostPresence, now: number): string | null {
  const seenAt = blindSince ?? at
  return blindSince === undefined && now - seenAt < FRESH_MS ? null : `seen ${agoText(now - seenAt)} ago`
}

/** "20 s", "42 min", "3 h", "5 d": as people say it, without false precision. */
export function agoText(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000))
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes} min`
  const hours = Math.floor(minutes / 60)
  return hours < 48 ? `${hours} h` : `${Math.floor(hours / 24)} d`
}
