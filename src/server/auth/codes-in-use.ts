import { WindfallError } from "../../protocol/errors.ts"
import type { CodeId } from "../../protocol/ids.ts"

/** Codes by which something long is under way that uses them up at its end. They are free again when this server dies. */
export class CodesInUse {
  readonly #held = new Set<CodeId>()

  /** @throws {WindfallError} wrong_state while somebody holds it */
  check(code: CodeId): void {
    if (!this.#held.has(code)) return
    throw new WindfallError("wrong_state", "Cannot use the code: it is being used, by a machine that joins just now", {
      hint: "If that was you and it was stopped, it is tidied up: paste the line again in a minute. If not, tell who invited you",
    })
  }

  /** Returns what lets it go again; a repeat of that does nothing. @throws {WindfallError} wrong_state while somebody else holds it */
  hold(code: CodeId): () => void {
    this.check(code)
    this.#held.add(code)
    let isHeld = true
    return () => {
      if (isHeld) this.#held.delete(code)
      isHeld = false
    }
  }
}
