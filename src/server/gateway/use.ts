import type { TokenUsage } from "../../gateway/token-usage.ts"
import type { StoredKey } from "../../store/model-keys.ts"
import type { Core } from "../core.ts"

/** What one request has used. */
export interface Use {
  /** As engines counted it. */
  readonly usage: TokenUsage | undefined
  /** Of what was cut before an engine counted it. */
  readonly guessedTokens: number
}

/**
 * What a request with several choices has used: the answers to all, and each prompt once, however many choices of it there are, as OpenAI
 * counts them.
 * @param uses in the order of their indexes; `null`: not begun
 * @param perPrompt how many in a row are of one prompt
 * @param promptGuess of one prompt, which is within what was guessed of each
 */
export function sumUses(
  uses: readonly (Use | null)[],
  perPrompt: number,
  promptGuess: (index: number) => number,
): Use | null {
  if (uses.every((each) => each === null)) return null
  let [promptTokens, cachedTokens, completionTokens, guessedTokens] = [0, 0, 0, 0]
  for (let first = 0; first < uses.length; first += perPrompt) {
    const ofPrompt = uses.slice(first, first + perPrompt)
    const counted = ofPrompt.flatMap((each) => each?.usage ?? [])
    let isPromptIn = counted.length > 0
    promptTokens += counted[0]?.promptTokens ?? 0
    cachedTokens += counted[0]?.cachedTokens ?? 0
    for (const each of counted) completionTokens += each.completionTokens
    for (const [at, each] of ofPrompt.entries()) {
      if (each === null || each.usage !== undefined) continue
      guessedTokens += isPromptIn ? each.guessedTokens - promptGuess(first + at) : each.guessedTokens
      isPromptIn = true
    }
  }
  const isCounted = uses.some((each) => each?.usage !== undefined)
  return { usage: isCounted ? { promptTokens, cachedTokens, completionTokens } : undefined, guessedTokens }
}

/** All that it counts for, as engines counted it and as it was guessed. */
export function tokensOf(use: Use | null): number {
  if (use === null) return 0
  const { usage, guessedTokens } = use
  return (usage?.promptTokens ?? 0) + (usage?.completionTokens ?? 0) + guessedTokens
}

/**
 * Puts it to the key's account; resolves when that is durable. Of a request that no engine began nothing is counted. Trouble with the disk is
 * reported, and does not take the answer away from the client.
 */
export async function countUse(core: Core, key: StoredKey, model: string, use: Use | null): Promise<void> {
  if (use === null) return
  const { usage, guessedTokens } = use
  const { promptTokens = 0, cachedTokens = 0, completionTokens = 0 } = usage ?? {}
  const used = {
    user: key.user,
    key: key.id,
    model,
    requests: 1,
    promptTokens,
    cachedTokens,
    completionTokens,
    cutRequests: usage === undefined || guessedTokens > 0 ? 1 : 0,
    guessedTokens,
  }
  try {
    await core.ledger.change(() => core.store.modelUsage.add(used, core.clock.now()))
  } catch (error) {
    core.report(`Cannot count what the key ${key.id} used`, error)
  }
}
