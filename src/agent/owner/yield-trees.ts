import type { AgentContext } from "../agent-context.ts"
import type { Attempt } from "../attempt.ts"
import { membersOf } from "./stop-trees.ts"
import { type SuspensionNotes, tellNotice } from "./suspension-notes.ts"

/** Puts CPU work of these processes behind everybody else's, or back. @throws in words where that cannot be done */
export type SetYielding = (pids: readonly number[], yields: boolean) => Promise<void>

/** Has whole trees step back behind people at their host, and come forward again. */
export class YieldTrees {
  readonly #context: AgentContext
  readonly #notes: SuspensionNotes
  readonly #setYielding: SetYielding

  constructor(context: AgentContext, notes: SuspensionNotes, setYielding: SetYielding) {
    this.#context = context
    this.#notes = notes
    this.#setYielding = setYielding
  }

  /** Never throws: what fails is told as a notice. */
  async yield(attempt: Attempt, yields: boolean): Promise<void> {
    this.#notes.note(attempt, () => attempt.suspension.yield(this.#notes.where(attempt), yields))
    try {
      const members = membersOf(this.#context, await this.#context.platform.processes(), attempt)
      const pids = members.map(({ pid }) => pid)
      if (pids.length > 0) await this.#setYielding(pids, yields)
      if (yields)
        tellNotice(
          this.#context,
          `It steps back behind whoever is at its host: its CPU work does; the GPU knows no priority and stays shared`,
          attempt,
        )
    } catch (error) {
      // It goes on as before, and nobody is told otherwise.
      if (yields) this.#notes.note(attempt, () => attempt.suspension.yield(this.#notes.where(attempt), false))
      const [reason] = (error as Error).message.split("\n")
      tellNotice(
        this.#context,
        `Its CPU work cannot be put ${yields ? "behind its host's owner's" : "back"}: ${reason}`,
        attempt,
      )
    }
  }
}
