import { type AgentContext, nameOf, tell } from "../agent-context.ts"
import type { Attempt } from "../attempt.ts"

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
