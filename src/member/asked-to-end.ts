import { existsSync } from "node:fs"
import { HIVE_STOP_SIGNAL } from "../hive/order/hive-order.ts"

const SIGNALS = [HIVE_STOP_SIGNAL, "SIGTERM", "SIGINT", "SIGHUP"] as const

export interface AskedToEnd {
  /** What is in flight may finish. */
  readonly asked: AbortSignal
  /** At once. */
  readonly hurried: AbortSignal
}

/**
 * Hears who asks this process to end, from now on, and who did while it was starting: no process hears a signal before its program has said so.
 * @param stopFile is there from before the first signal is sent (WINDFALL_STOP_FILE); `undefined`: nobody says that
 */
export function hearEnds(process: NodeJS.EventEmitter, stopFile: string | undefined): AskedToEnd {
  const asked = new AbortController()
  const hurried = new AbortController()
  // The signal that belongs to the file may have been lost, or be on its way: it is no second one.
  let isFileOnly = false
  for (const name of SIGNALS) {
    process.on(name, () => {
      if (asked.signal.aborted && !isFileOnly) hurried.abort()
      isFileOnly = false
      asked.abort()
    })
  }
  // Only now: who writes it later sends a signal that is heard.
  if (stopFile !== undefined && stopFile !== "" && existsSync(stopFile)) {
    isFileOnly = true
    asked.abort()
  }
  return { asked: asked.signal, hurried: hurried.signal }
}
