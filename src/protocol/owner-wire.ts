import type { AttemptId } from "./ids.ts"
import type { HostPresence, Lever, OwnerReason } from "./owner.ts"

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
    }
