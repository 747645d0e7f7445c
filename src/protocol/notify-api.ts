/** The HTTP API's shapes for telling people; see api.ts for the rest. */
import type { JobHint } from "./api.ts"
import type { JobId, MessageId, TargetId } from "./ids.ts"
import type { Cause, JobState } from "./job-state.ts"
import type { NotifyOn, NotifyReason } from "./notify.ts"
import type { TargetKind } from "./notify-target.ts"

/**
 * GET /v1/notify: the caller's targets. PUT /v1/notify {@link NotifyRequest}: these, and no others, are told of all the caller's jobs;
 * DELETE /v1/notify: none; DELETE /v1/notify/ID: not this one any more.
 */
export interface TargetView {
  readonly id: TargetId
  readonly kind: TargetKind
  /** The machine it is at. The rest of its address never comes back. */
  readonly host: string
  /** It is told of all jobs that say nothing else; else only of those that name it. */
  readonly isDefault: boolean
  readonly on: NotifyOn
  /** Messages to it are signed. */
  readonly isSigned: boolean
  /** Messages that wait to be sent. */
  readonly waiting: number
  /** Messages that were given up since the last one that was taken. */
  readonly dropped: number
  readonly deliveredAt: number | null
  /** Since when none was taken, and why; `null` when the last one was. */
  readonly failingSince: number | null
  readonly problem: string | null
}
export interface NotifyRequest {
  /** Addresses, as readTarget() reads them, or ids of the caller's targets. */
  readonly targets: readonly string[]
  /** `null`: everything. */
  readonly on: NotifyOn | null
}
/** Answers with the secret that messages to new webhooks are signed with, this once. */
export interface NotifySet {
  readonly targets: readonly (TargetView & { readonly secret?: string })[]
}
/** POST /v1/notify/test `{}`: tells the caller's default targets at once, and says what became of it. */
export interface NotifyTest {
  readonly results: readonly {
    readonly id: TargetId
    readonly kind: TargetKind
    readonly host: string
    /** `null` when it was taken. */
    readonly problem: string | null
  }[]
}

/** What a webhook gets, as JSON, with the headers of https://www.standardwebhooks.com. */
export interface NotifyBody {
  readonly type: `job.${NotifyReason}` | "host.lent" | "test"
  /** When it happened, as ISO 8601. */
  readonly timestamp: string
  readonly data: {
    readonly message: MessageId
    /** One line, and all of it, for people. */
    readonly title: string
    readonly text: string
    /** `null` in a test, and where it is about a host. */
    readonly job: {
      readonly id: JobId
      readonly name: string | null
      readonly user: string
      readonly state: JobState
      readonly cause: Cause | null
      readonly exitCode: number | null
      readonly signal: number | null
      readonly reason: string | null
    } | null
    readonly host: string | null
    /** How long it ran, was idle or waited, by the reason. */
    readonly forMs: number | null
    /** The last lines of its output, secrets masked. */
    readonly lines: readonly string[]
    readonly hints: readonly JobHint[]
    /** A line to type. */
    readonly next: string | null
    /** Messages to this target that were given up before this one. */
    readonly dropped: number
  }
}
