import { orAborted } from "../../base/or-aborted.ts"

/** A line in which the next one's turn comes when the one before leaves, in the order in which they came. */
export class OneAtATime {
  #last: Promise<void> = Promise.resolve()

  /** Waits for the turn. @returns how to leave; may be called again. @throws the signal's reason */
  async enter(signal: AbortSignal): Promise<() => void> {
    const before = this.#last
    const own = Promise.withResolvers<void>()
    this.#last = before.then(() => own.promise)
    try {
      await orAborted(before, signal)
    } catch (error) {
      own.resolve()
      throw error
    }
    return own.resolve
  }
}
