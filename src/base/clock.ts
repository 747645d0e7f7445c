/** Where time comes from. A parameter everywhere, so that tests can move it and hosts can disagree about it. */
export interface Clock {
  /** Wall-clock time in milliseconds since 1970. May jump; never subtract two of these to measure. */
  now(): number
  /** Milliseconds that only grow, also while the machine sleeps where the system offers that. For measuring and limits. */
  monotonicMs(): number
  /** Resolves after `ms`; rejects with the signal's reason when aborted. */
  sleep(ms: number, options?: { signal?: AbortSignal | undefined }): Promise<void>
}

/** The machine's own clock, shifted by `offsetMs` (the lab moves a host's clock this way). */
export function systemClock(offsetMs = 0): Clock {
  return {
    now: () => Date.now() + offsetMs,
    monotonicMs: () => performance.now(),
    sleep: (ms, options) => sleepFor(ms, options?.signal),
  }
}

function sleepFor(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason)
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", onAbort)
      resolve()
    }, ms)
    const onAbort = () => {
      clearTimeout(timer)
      reject(signal?.reason)
    }
    signal?.addEventListener("abort", onAbort, { once: true })
  })
}
