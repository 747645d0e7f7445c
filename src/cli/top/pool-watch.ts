import { setTimeout as delay } from "node:timers/promises"
import type { WindfallEvent } from "../../protocol/events.ts"
import type { Client } from "../client.ts"
import { readEvents } from "../event-stream.ts"

/** After a failure, so that a server that starts anew is soon followed again. */
const AGAIN_MS = 2_000

/**
 * Calls back whenever the server records an event, until the signal is aborted. Whatever fails is tried again: who looks from time
 * to time anyway only sees changes a little later. Never throws.
 */
export async function watchPool(client: Client, onEvent: () => void, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      const query = { limit: 1 }
      const { events } = await client.get<{ events: WindfallEvent[] }>("/v1/events", { query, patienceMs: 0, signal })
      const after = events.at(-1)?.sequence ?? 0
      const body = await client.open("GET", "/v1/events", { query: { after, follow: true }, patienceMs: 0, signal })
      for await (const _event of readEvents(body)) onEvent()
    } catch {
      // The caller hears of what is wrong when it looks.
    }
    await delay(AGAIN_MS, undefined, { signal }).catch(() => undefined)
  }
}
