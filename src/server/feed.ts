/**
 * Waiting for news without piling it up: however much happens while a slow reader is busy, it is woken once and looks at
 * how things are then.
 */
export class Feed implements Disposable {
  readonly #signal: AbortSignal
  readonly #unlisten: () => void
  #news = false
  #wake: (() => void) | undefined

  /** @param listen calls back on news, until what it returned is called */
  constructor(listen: (onNews: () => void) => () => void, signal: AbortSignal) {
    this.#signal = signal
    const onNews = () => {
      this.#news = true
      this.#wake?.()
    }
    const unlisten = listen(onNews)
    signal.addEventListener("abort", onNews)
    this.#unlisten = () => {
      unlisten()
      signal.removeEventListener("abort", onNews)
    }
  }

  /** Resolves when there is news since the last call, the signal was aborted, or `timeoutMs` passed (never without). */
  async next(timeoutMs?: number): Promise<"news" | "nothing"> {
    if (!this.#news && !this.#signal.aborted) {
      let timer: NodeJS.Timeout | undefined
      await new Promise<void>((resolve) => {
        this.#wake = resolve
        if (timeoutMs !== undefined) timer = setTimeout(resolve, timeoutMs)
      })
      clearTimeout(timer)
      this.#wake = undefined
    }
    const news = this.#news
    this.#news = false
    return news ? "news" : "nothing"
  }

  [Symbol.dispose](): void {
    this.#unlisten()
  }
}
