/**
 * What members of a hive say, one JSON object a line, on their standard output; the engine's own words are on standard error. The server
 * reads them from the job's log.
 */
export type HiveNews = StartingNews | ReadyNews | SlowNews | LostNews | DrainingNews | StoppedNews

interface FromMember {
  /** Who says it. */
  readonly rank: number
}

/** How far the start is. */
export interface StartingNews extends FromMember {
  readonly hive: "starting"
  /** gather: finds the others; workers: engines of the others begin; loading: the head reads the model; canary: a token is on its way. */
  readonly step: "gather" | "workers" | "loading" | "canary"
}

/** A token came back through the whole chain. Only rank 0 says it, once. */
export interface ReadyNews extends FromMember {
  readonly hive: "ready"
  /** Where the head answers, on its own host. */
  readonly address: string
  readonly port: number
  /** As the engine says it: all members have this one. */
  readonly version: string
  /** Where weights and caches are, as the engine says it; empty where it does not. */
  readonly placed: readonly PlacedBytes[]
  /** From the head's start until the canary was back. */
  readonly loadMs: number
}

export interface PlacedBytes {
  readonly rank: number
  readonly kind: "model" | "cache" | "compute"
  readonly bytes: number
}

/** The link of a member has become slow, or is well again. Of rank 0, once it is ready. */
export interface SlowNews extends FromMember {
  readonly hive: "slow"
  readonly member: number
  /** Of a word to it and back; `null`: it is slow no longer. */
  readonly roundTripMs: number | null
}

/** The hive cannot go on, or cannot begin. The first reason is the one that counts; all members end. */
export interface LostNews extends FromMember {
  readonly hive: "lost"
  /** Whose fault it is, as far as that is known. */
  readonly member: number | null
  readonly code: LossCode
  readonly reason: string
  readonly hint?: string
  /** Of an engine that was ended by a signal: its name. */
  readonly signal?: string
  /** Of one that is stuck: for how long nothing has come. */
  readonly silentMs?: number
}

/** It was asked to end: what is in flight may finish. Nothing new may be sent. */
export interface DrainingNews extends FromMember {
  readonly hive: "draining"
}

/** This member's engine is gone. The last line of each. */
export interface StoppedNews extends FromMember {
  readonly hive: "stopped"
  /** How it went: by itself, at the second request, or by a kill, after which a GPU may keep memory. */
  readonly by: "ended" | "second" | "killed" | "never_began"
}

/** What went wrong, and whether the same may go well another time. */
const LOSSES = {
  order_refused: false,
  engine_missing: false,
  versions_differ: false,
  model_missing: false,
  model_refused: false,
  out_of_memory: false,
  misplaced: false,
  firewall_asks: false,
  port_taken: true,
  member_missing: true,
  unreachable: true,
  start_too_long: true,
  engine_ended: true,
  engine_stopped: true,
  member_lost: true,
  member_left: true,
  stuck: true,
  canary_failed: true,
  internal: true,
} as const satisfies Readonly<Record<string, boolean>>

export type LossCode = keyof typeof LOSSES

/** Whether the same hosts may do better another time. */
export function mayGoBetter(code: LossCode): boolean {
  return LOSSES[code]
}

const KINDS: readonly string[] = [
  "starting",
  "ready",
  "slow",
  "lost",
  "draining",
  "stopped",
] satisfies HiveNews["hive"][]

/** A line of a member's output as what it says; `null` when it is something else. */
export function readHiveNews(line: string): HiveNews | null {
  if (!line.startsWith('{"hive":')) return null
  try {
    const raw = JSON.parse(line) as Partial<HiveNews>
    if (!KINDS.includes(raw.hive ?? "") || !Number.isSafeInteger(raw.rank)) return null
    if (raw.hive === "ready" && !Number.isSafeInteger(raw.port)) return null
    if (raw.hive === "slow" && !Number.isSafeInteger(raw.member)) return null
    if (raw.hive === "slow" && raw.roundTripMs !== null && !Number.isFinite(raw.roundTripMs)) return null
    if (raw.hive === "lost" && (typeof raw.reason !== "string" || !Object.hasOwn(LOSSES, raw.code ?? ""))) return null
    if (raw.hive === "lost" && raw.silentMs !== undefined && !Number.isFinite(raw.silentMs)) return null
    return raw as HiveNews
  } catch {
    return null
  }
}
