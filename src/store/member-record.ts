import type { MemberAddress, MemberPlace } from "../protocol/gang-wire.ts"
import type { OutputsView } from "../protocol/job.ts"
import type { Cause } from "../protocol/job-state.ts"

/** What is known of a member of an attempt on several hosts, besides what is known of any attempt. Replaced as a whole, never changed. */
export interface MemberRecord {
  /** From 0. */
  readonly rank: number
  /** How many members there are. */
  readonly size: number
  /** How its host is linked with those of the others, in words as of when it was placed; absent where nothing is known of that. */
  readonly link?: string
  /** What it said when it came to the gate last; absent before. */
  readonly atGate?: { readonly addresses: readonly MemberAddress[]; readonly ports: readonly [number, number] }
  /** Where all are, by rank, as it was told when all were let go; absent before. */
  readonly roster?: readonly MemberPlace[]
  /** Its command has ended, or never will begin; absent before. */
  readonly ended?: MemberEnd
  /** What became of its files, where each member has its own; absent as long as it runs. */
  readonly outputs?: OutputsView
  /** It steps aside for people at its host, and so all end; absent where it does not. */
  readonly leaves?: Cause
}

export interface MemberEnd {
  /** 1 for the first that was known to have ended. */
  readonly order: number
  /** As of an attempt's end: see server/jobs/outcome.ts. */
  readonly slipped: boolean
}
