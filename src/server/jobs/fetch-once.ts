import { deferred } from "../../base/deferred.ts"
import type { HostChannel } from "../hosts/host-channel.ts"

interface UnderWay {
  readonly told: Set<() => void>
  readonly signal: AbortSignal
  readonly ended: Promise<void>
}

/** By channel, what is fetched there. */
const underWay = new WeakMap<HostChannel, Map<string, UnderWay>>()

/**
 * Fetches something from a host, where nobody is at it already; else waits for that, and ends and fails as that does. Only where the other one
 * stopped of its own accord it is taken up here. What an attempt left may be asked for as its outputs and as what the next begins with, at the same moment.
 *
 * @param key the same for all who fetch the same
 * @param onPiece called for each piece that comes, whoever asked for it
 * @throws as `fetch`, and the signal's reason
 */
export async function fetchOnce(
  channel: HostChannel,
  key: string,
  fetch: (onPiece: () => void) => Promise<void>,
  { signal, onPiece }: { readonly signal: AbortSignal; readonly onPiece: () => void },
): Promise<void> {
  const here = underWay.get(channel) ?? new Map<string, UnderWay>()
  underWay.set(channel, here)
  for (;;) {
    signal.throwIfAborted()
    const known = here.get(key)
    if (known === undefined) break
    known.told.add(onPiece)
    try {
      await orAborted(known.ended, signal)
      return
    } catch (error) {
      if (!known.signal.aborted) throw error
    } finally {
      known.told.delete(onPiece)
    }
  }
  const told = new Set([onPiece])
  const ended = fetch(() => {
    for (const tell of told) tell()
  }).finally(() => here.delete(key))
  here.set(key, { told, signal, ended })
  await ended
}

async function orAborted(ended: Promise<void>, signal: AbortSignal): Promise<void> {
  const aborted = deferred<never>()
  const onAbort = () => aborted.reject(signal.reason)
  signal.addEventListener("abort", onAbort)
  try {
    await Promise.race([ended, aborted.promise])
  } finally {
    signal.removeEventListener("abort", onAbort)
  }
}
