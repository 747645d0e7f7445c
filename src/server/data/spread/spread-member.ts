import type { Clock } from "../../../base/clock.ts"
import type { BlobHash } from "../../../protocol/ids.ts"
import type { HostChannel } from "../../hosts/host-channel.ts"
import type { Source } from "./choose-source.ts"
import type { Paces } from "./slow-source.ts"

/** Blobs on their way from one source to one host. */
export interface Lane {
  readonly source: Source
  /** What has not come yet, in the order in which it comes. */
  readonly left: Set<BlobHash>
  /** Ends it, and nothing else of its host. */
  readonly over: AbortController
  /** When the latest of it came, or it began. */
  latestMs: number
  /** Since when it is the source that it waits for, and what came since then. */
  sinceMs: number
  hadBytes: number
}

/** A host that gets, or has just got, the tree. */
export interface Member {
  readonly channel: HostChannel
  /** Ends its lanes, with its link or when it has given up. */
  readonly ending: AbortController
  readonly lacks: Set<BlobHash>
  readonly lanes: Set<Lane>
  /** What did not come from where, and how often in a row nothing did. */
  readonly refused: Map<Source, { readonly hashes: Set<BlobHash>; inVain: number }>
  readonly paces: Paces
  /** Sources that gave too little. */
  readonly slow: Set<Source>
  /** `null` once it has what it wanted, or has given up. */
  done: PromiseWithResolvers<void> | null
}

export function beginLane(source: Source, hashes: readonly BlobHash[], clock: Clock): Lane {
  const nowMs = clock.monotonicMs()
  const left = new Set(hashes)
  return { source, left, over: new AbortController(), latestMs: nowMs, sinceMs: nowMs, hadBytes: 0 }
}

/** One more blob of a lane has come. */
export function noteHad({ paces }: Member, lane: Lane, bytes: number, clock: Clock): void {
  const nowMs = clock.monotonicMs()
  paces.note(lane.source, bytes, nowMs - lane.latestMs)
  lane.latestMs = nowMs
  lane.hadBytes += bytes
}

/** Whoever waits for it is told why, and what is on its way ends. */
export function giveUp(member: Member, why: unknown): void {
  member.done?.reject(why)
  member.done = null
  member.ending.abort(why)
}
