/** A task that is done once for all who want it at the same time. */
export class SharedTask<T> {
  readonly #task: (signal: AbortSignal) => Promise<T>
  #running: { readonly result: Promise<T>; readonly signal: AbortSignal } | undefined

  constructor(task: (signal: AbortSignal) => Promise<T>) {
    this.#task = task
  }

  /**
   * Joins the task that is under way, or begins it. It ends with the signal of whoever began it; for those who still want it, it is
   * begun anew.
   * @throws the signal's reason, or what the task throws
   */
  async run(signal: AbortSignal): Promise<T> {
    for (;;) {
      signal.throwIfAborted()
      this.#running ??= this.#begin(signal)
      const running = this.#running
      try {
        return await running.result
      } catch (error) {
        signal.throwIfAborted()
        if (!running.signal.aborted) throw error
      }
    }
  }

  #begin(signal: AbortSignal): { readonly result: Promise<T>; readonly signal: AbortSignal } {
    const result = this.#task(signal).finally(() => {
      this.#running = undefined
    })
    return { result, signal }
  }
}
