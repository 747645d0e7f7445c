import type { AttemptId } from "./ids.ts"
import type { HostPresence, Lever, OwnerReason } from "./owner.ts"

/** One time at which an attempt stepped aside for the people at its host, by the host's wall clock. `at` names it among the attempt's. */
export interface FoundAside {
  readonly at: number
  /** When it went on, or was asked to leave; `null`: it is stopped still. */
  readonly endedAt: number | null
  /** From the sign of somebody to the last process stopped, or asked to leave; `null`: nobody measured it. */
  readonly reactionMs: number | null
  /** It was asked to leave. */
  readonly vacated: boolean
  /** For how long it was stopped in all when it went on; `null`: it did not then. */
  readonly continuedMs: number | null
  readonly why: OwnerReason
  /** Why it was asked to leave, and how soon; present where it was. */
  readonly left?: { readonly why: OwnerReason; readonly reactionMs: number }
}

/** What `hello` tells of how an attempt was stopped, for the owner's sake or another job's. */
export interface FoundSuspension {
  /** Since when its tree is stopped; absent when it is not, and from older agents. */
  readonly suspendedAt?: number
  /** How long it took to stop it, as in `suspended`; absent where this agent did not measure that. */
  readonly reactionMs?: number
  /** For how long it was stopped before that, in all; absent where it never was. */
  readonly suspendedMs?: number
  /** How it stepped aside, the last times, oldest first: also what was told before. Absent where it never did, and from older agents. */
  readonly asides?: readonly FoundAside[]
}

/** What an agent tells of the people at its host, and of what was done to attempts for their sake. A part of `AgentMessage`. */
export type OwnerNews =
  /** Who is at the host: after `ready`, whenever what keeps jobs from starting changes, and once a minute. */
  | { readonly type: "presence"; readonly presence: HostPresence }
  /** The lever as the agent has it: when it was moved on the host, and where the server's `owner` was behind. */
  | { readonly type: "lever"; readonly lever: Lever }
  /** A server's `owner` was taken, and is kept on the host's disk where there is room: one for each, in their order. */
  | { readonly type: "owner-taken" }
  /**
   * The whole tree is stopped, or goes on. Told once; `hello` says it again. That it is stopped is told anew, as of the same moment, when
   * something else keeps it so, and after `ready`: then `why` alone counts.
   */
  | {
      readonly type: "suspended"
      readonly attempt: AttemptId
      readonly sequence: number
      readonly at: number
      readonly why: OwnerReason
      /** From the sign of somebody, or the word, to the last process stopped; absent where nobody measured it. */
      readonly reactionMs?: number
      /** Which of the attempt's asides it is (`FoundAside`); absent where it is stopped for another job, and from older agents. */
      readonly asideAt?: number
    }
  | {
      readonly type: "continued"
      readonly attempt: AttemptId
      readonly sequence: number
      readonly at: number
      /** For how long it was stopped in all, up to now. */
      readonly suspendedMs: number
    }
  /** It was asked to end for the owner's sake; its exit says `owner_returned` or `owner_policy`. */
  | {
      readonly type: "vacating"
      readonly attempt: AttemptId
      readonly sequence: number
      readonly at: number
      readonly why: OwnerReason
      readonly reactionMs: number
      /** As in `suspended`. */
      readonly asideAt?: number
    }
