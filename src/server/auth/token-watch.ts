import type { Core } from "../core.ts"
import { type Caller, requireStill, requireUnexpired } from "./accounts.ts"

/** How late an expiry is noticed at most where the clock was moved meanwhile. */
const LOOK_MS = 15_000

/**
 * Calls back once when the caller's token is no longer good: at once when it is revoked or its user removed, and when its
 * time has come; also when that was so before. Not any more once what is returned was disposed of.
 */
export function watchToken(
  core: Pick<Core, "store" | "followers" | "clock">,
  caller: Caller,
  onEnd: () => void,
): Disposable {
  const over = new AbortController()
  const look = () => {
    if (over.signal.aborted) return
    try {
      requireStill(core, caller)
      requireUnexpired(core, caller)
    } catch {
      over.abort()
      onEnd()
    }
  }
  const unlisten = core.followers.onAccounts(look)
  over.signal.addEventListener("abort", unlisten, { once: true })
  if (caller.tokenExpiresAt !== null) void lookUntil(core, caller.tokenExpiresAt, look, over.signal)
  look()
  return { [Symbol.dispose]: () => over.abort() }
}

async function lookUntil(
  { clock }: Pick<Core, "clock">,
  expiresAt: number,
  look: () => void,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const leftMs = Math.max(1, expiresAt - clock.now())
    await clock.sleep(Math.min(leftMs, LOOK_MS), { signal }).catch(() => undefined)
    look()
  }
}
