import type { Attempt } from "../attempt.ts"
import type { OwnerActions } from "./owner-actions.ts"
import { holdTrees } from "./stop-trees.ts"

/** So often it is looked for what has come to a stopped tree. What is known of it is told to stop with each step. */
const STOP_AGAIN_MS = 5_000

/** Sees that what is stopped stays so: the job itself, or somebody by hand, may let parts of it go on. */
export class KeepStopped {
  readonly #actions: OwnerActions
  #lookedMs = 0

  constructor(actions: OwnerActions) {
    this.#actions = actions
  }

  step(stopped: readonly Attempt[]): void {
    if (stopped.length === 0 || this.#actions.isActing) return
    holdTrees(stopped)
    const now = performance.now()
    if (now - this.#lookedMs < STOP_AGAIN_MS) return
    this.#lookedMs = now
    this.#actions.stopAgain(stopped)
  }
}
