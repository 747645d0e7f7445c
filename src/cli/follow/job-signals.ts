export type JobSignal = "SIGINT" | "SIGTERM" | "SIGHUP"

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const

/**
 * Takes the signals that mean something to an attached job, from just before the job is sent: one that comes while the
 * server is answering is kept for whoever listens next, so that no job is left behind by accident.
 */
export class JobSignals implements Disposable {
  #listener: ((signal: JobSignal) => void) | undefined
  #early: JobSignal[] = []
  readonly #take = (signal: NodeJS.Signals) => {
    if (this.#listener === undefined) this.#early.push(signal as JobSignal)
    else this.#listener(signal as JobSignal)
  }

  constructor() {
    for (const signal of SIGNALS) process.on(signal, this.#take)
  }

  listen(listener: (signal: JobSignal) => void): void {
    this.#listener = listener
    for (const signal of this.#early.splice(0)) listener(signal)
  }

  [Symbol.dispose](): void {
    for (const signal of SIGNALS) process.off(signal, this.#take)
  }
}
