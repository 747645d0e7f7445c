export type JobSignal = "SIGINT" | "SIGTERM" | "SIGHUP"

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const

/**
 * Takes the signals that mean something to an attached job. Before a job exists they end the command as ever. While the
 * server is being asked, one is kept for whoever listens next, so that no job is left behind by accident.
 */
export class JobSignals implements Disposable {
  #listener: ((signal: JobSignal) => void) | undefined
  #early: JobSignal[] = []
  #armed = false
  readonly #take = (signal: NodeJS.Signals) => {
    if (this.#listener !== undefined) this.#listener(signal as JobSignal)
    else this.#early.push(signal as JobSignal)
  }

  /** From now on signals are taken. */
  arm(): void {
    if (this.#armed) return
    this.#armed = true
    for (const signal of SIGNALS) process.on(signal, this.#take)
  }

  /** Gives the signals back; one that came meanwhile has its ordinary effect now. */
  disarm(): void {
    if (!this.#armed) return
    this.#armed = false
    for (const signal of SIGNALS) process.off(signal, this.#take)
    const [early] = this.#early.splice(0)
    if (early !== undefined) process.kill(process.pid, early)
  }

  listen(listener: (signal: JobSignal) => void): void {
    this.arm()
    this.#listener = listener
    for (const signal of this.#early.splice(0)) listener(signal)
  }

  [Symbol.dispose](): void {
    this.#early = []
    this.disarm()
  }
}
