import type { JobId, MessageId, TargetId } from "../protocol/ids.ts"
import type { Cause, JobState } from "../protocol/job-state.ts"
import type { NotifyOn, NotifyReason } from "../protocol/notify.ts"
import type { TargetKind } from "../protocol/notify-target.ts"

/** Whom to tell. Held in memory as long as it is stored; only server/notify changes one, inside a change of the ledger. */
export interface TargetRecord {
  readonly id: TargetId
  readonly user: string
  readonly kind: TargetKind
  /** Address and signing secret. */
  readonly sealed: Uint8Array
  isDefault: boolean
  byJob: boolean
  on: NotifyOn
  readonly createdAt: number
  /** Not to be tried before; milliseconds since 1970. */
  nextAt: number
  /** Tries that failed since the last one that did not. */
  failures: number
  /** Messages given up since the last one that was taken. */
  dropped: number
  deliveredAt: number | null
  failingSince: number | null
  problem: string | null
}

/** What happened, as it was when it did. Nothing of it is secret. */
export interface NotifyFacts {
  readonly reason: NotifyReason
  readonly at: number
  readonly job: JobId
  readonly name: string | null
  readonly user: string
  readonly state: JobState
  readonly cause: Cause | null
  readonly exitCode: number | null
  readonly signal: number | null
  /** The job's reason: why it waits, or what ended it, in words. */
  readonly words: string | null
  /** The attempt it is about, and where that was; `null` when none was made. */
  readonly attempt: number | null
  readonly host: string | null
  /** How long it ran, was idle or waited, by the reason. */
  readonly forMs: number | null
}

/** What a host was lent in a week, told to its owner. */
export interface LentWords {
  readonly reason: "lent"
  readonly at: number
  /** The host's name. */
  readonly host: string
  readonly line: string
}

/** What a message tells of. */
export type MessageFacts = NotifyFacts | LentWords

/** A message that is to be sent. */
export interface OutboxRecord {
  readonly id: MessageId
  readonly target: TargetId
  readonly facts: MessageFacts
  readonly createdAt: number
}
