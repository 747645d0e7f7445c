const EXIT_CODES = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const
type EndSignal = keyof typeof EXIT_CODES
const SIGNALS = Object.keys(EXIT_CODES) as readonly EndSignal[]

/** Takes the signals that end a program, so that what it holds at the server can be given back first: also as its window is closed. */
export class EndSignals implements Disposable {
  readonly #over = new AbortController()
  /** Of the first that came; `null`: none has. */
  exitCode: number | null = null
  readonly #take = (signal: NodeJS.Signals) => {
    this.exitCode ??= EXIT_CODES[signal as EndSignal]
    this.#over.abort()
  }

  constructor() {
    for (const signal of SIGNALS) process.on(signal, this.#take)
  }

  get signal(): AbortSignal {
    return this.#over.signal
  }

  [Symbol.dispose](): void {
    for (const signal of SIGNALS) process.off(signal, this.#take)
  }
}
