import type { OwnerReason } from "../../protocol/owner.ts"
import { type AgentContext, nameOf, tell } from "../agent-context.ts"
import type { Attempt } from "../attempt.ts"
import { leftAside } from "./noted-asides.ts"
import type { StoppedSince } from "./suspension.ts"

interface Named {
  readonly pid: number
  readonly start: string
}

/** Writes down what is done to attempts for their host's owner. The owner comes before the record: what cannot be written is done all the same. */
export class SuspensionNotes {
  readonly #context: AgentContext

  constructor(context: AgentContext) {
    this.#context = context
  }

  where({ folder }: Attempt): { readonly folder: string; readonly ballast: string } {
    return { folder, ballast: this.#context.folder.ballast }
  }

  /** Never throws: what fails is told as a notice. */
  note(attempt: Attempt, note: () => void): void {
    try {
      note()
    } catch (error) {
      const message = `Cannot write down since when it is stopped: ${(error as Error).message}`
      tellNotice(this.#context, message, attempt)
    }
  }

  /** It is stopped, as of now or of before. */
  stop(attempt: Attempt, since: StoppedSince, kept: readonly Named[], isForOwner: boolean): void {
    const nowMs = this.#context.clock.now()
    this.note(attempt, () => attempt.suspension.stop(this.where(attempt), since, kept, isForOwner, nowMs))
  }

  /** It stays stopped for another job alone. */
  ownerLeft(attempt: Attempt, why: OwnerReason): void {
    const nowMs = this.#context.clock.now()
    this.note(attempt, () => attempt.suspension.ownerLeft(this.where(attempt), why, nowMs))
  }

  /** It was asked to leave. Returns which of its asides that is. */
  leave(attempt: Attempt, at: number, why: OwnerReason, reactionMs: number): { readonly asideAt?: number } {
    const { suspension } = attempt
    this.note(attempt, () => suspension.leave(this.where(attempt), at, why, reactionMs))
    const left = leftAside(suspension.asides)
    return left === undefined ? {} : { asideAt: left.at }
  }

  /** A job that fills the disk may have taken the room that was made for the note. Stopped it takes no more, and others give some back. */
  again(attempt: Attempt): void {
    try {
      attempt.suspension.writeAgain(this.where(attempt))
    } catch {
      // It was told, and is tried again with the next look at the tree.
    }
  }
}

/** Tells the server, of an attempt or of the host. */
export function tellNotice(context: AgentContext, message: string, attempt?: Attempt): void {
  if (attempt === undefined) context.link.send({ type: "notice", message })
  else tell(context, attempt, { type: "notice", ...nameOf(attempt), message })
}
