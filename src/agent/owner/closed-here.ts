import type { EffectivePolicy } from "../../presence/effective-policy.ts"
import { keptMemoryBytes } from "../../presence/owner-policy.ts"
import { ruleViews } from "../../presence/rules-held.ts"
import { allKeptText, usersThere, whoseText } from "../../protocol/host-bars.ts"
import type { HostTerms } from "../../protocol/owner.ts"

/**
 * Why no job starts on this host whoever is at it, as far as its agent knows; `null` where some may. What an administrator has drained
 * only the server knows.
 */
export function closedHere(
  effective: EffectivePolicy,
  terms: HostTerms | null,
  memoryBytes: number,
  isConnected: boolean,
): string | null {
  if (!isConnected) return "no server is connected to this Mac"
  const policy = ruleViews(effective, null)
  const { values } = effective
  // Where no rule was said something always is left.
  const kept = values.keepMemoryBytes === null ? 0 : keptMemoryBytes(values, memoryBytes)
  const all = allKeptText(policy, memoryBytes, memoryBytes - kept)
  const host = { owner: terms?.owner ?? null, policy }
  return all ?? (usersThere(host)?.length === 0 ? whoseText(host) : null)
}
