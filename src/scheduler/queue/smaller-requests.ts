import { durationText } from "../../base/duration.ts"
import { DEFAULT_MEMORY_BYTES, type ResourceRequest, type Resources } from "../../protocol/resources.ts"
import type { QueueJob } from "./queue-scene.ts"

/** What a job asks for, as far as it might ask for less. */
export interface Asked {
  readonly resources: ResourceRequest
  /** It names hosts. */
  readonly isPinned: boolean
  /** `null`: none. */
  readonly limitMs: number | null
  /** Limits with which it would be over before a booking keeps a host from it. */
  readonly limitsBefore: readonly number[]
  /** At once. */
  readonly hosts: number
}

export interface SmallerRequest {
  /** As its sender would type it: `with --memory 48G`, `without --host`. */
  readonly words: string
  readonly resources: ResourceRequest
  readonly isPinned: boolean
  readonly limitMs: number | null
  readonly hosts: number
}

const GIB = 2 ** 30
const MIB = 2 ** 20
const MOST_SIZES = 3
const MOST_COUNTS = 8
const MOST_LIMITS = 8
const MINUTE_MS = 60_000

/** Requests that ask for less, the mildest of each kind first. @param free what is free on hosts now, each alone */
export function smallerRequests(asked: Asked, free: readonly Resources[]): readonly (readonly SmallerRequest[])[] {
  const { resources } = asked
  const change = (words: string, less: Partial<Asked>): SmallerRequest => ({ ...asked, ...less, words })
  const memory = resources.memoryBytes ?? DEFAULT_MEMORY_BYTES
  const sizes = new Set(free.map(({ memoryBytes }) => wholeBytes(memoryBytes)))
  const smaller = [...sizes].filter((bytes) => bytes > 0 && bytes < memory).sort((a, b) => b - a)
  const cores = [...new Set(free.map((one) => one.cores))].filter((one) => one > 0 && one < resources.cores)
  return [
    smaller
      .slice(0, MOST_SIZES)
      .map((memoryBytes) =>
        change(`with --memory ${sizeText(memoryBytes)}`, { resources: { ...resources, memoryBytes } }),
      ),
    cores
      .sort((a, b) => b - a)
      .slice(0, MOST_SIZES)
      .map((count) => change(`with --cores ${count}`, { resources: { ...resources, cores: count } })),
    resources.gpus === 0 ? [] : [change("with --gpu 0", { resources: { ...resources, gpus: 0 } })],
    asked.isPinned ? [change("without --host", { isPinned: false })] : [],
    // From one host fewer on: with how many it is still of use only its sender knows.
    Array.from({ length: asked.hosts - 1 }, (_, less) => asked.hosts - 1 - less)
      .slice(0, MOST_COUNTS)
      .map((hosts) => change(`with --nodes ${hosts}`, { hosts })),
    shorterLimits(asked).map((limitMs) => change(`with --time ${durationText(limitMs)}`, { limitMs })),
  ]
}

/** The same with one of these limits, the longest first. */
export function shorterRequests(
  { resources, hostsWanted, hosts }: Pick<QueueJob, "resources" | "hostsWanted" | "hosts">,
  limitMs: number | null,
  limitsMs: readonly number[],
): readonly SmallerRequest[] {
  const isPinned = hostsWanted !== null
  return shorterThan(limitMs, limitsMs).map((shorterMs) => ({
    words: `with --time ${durationText(shorterMs)}`,
    resources,
    isPinned,
    limitMs: shorterMs,
    hosts,
  }))
}

/** Of what has no limit nobody knows how long it needs: it is told only what bookings leave. */
function shorterLimits({ limitMs, limitsBefore }: Asked): readonly number[] {
  const parts = limitMs === null ? [] : [2, 4, 8].map((part) => Math.floor(limitMs / part / MINUTE_MS) * MINUTE_MS)
  return shorterThan(limitMs, [...parts, ...limitsBefore])
}

function shorterThan(limitMs: number | null, limitsMs: readonly number[]): readonly number[] {
  const shorter = limitsMs.filter((one) => one > 0 && one < (limitMs ?? Number.POSITIVE_INFINITY))
  return [...new Set(shorter)].sort((a, b) => b - a).slice(0, MOST_LIMITS)
}

/** Whole GiB, below one of them whole steps of 256 MiB. */
function wholeBytes(bytes: number): number {
  const step = bytes >= GIB ? GIB : 256 * MIB
  return Math.floor(bytes / step) * step
}

function sizeText(bytes: number): string {
  return bytes % GIB === 0 ? `${bytes / GIB}G` : `${bytes / MIB}M`
}
