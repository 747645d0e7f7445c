import { GatewayProblem } from "../../gateway/gateway-problem.ts"
import { periodAt, tokenLimitWords } from "../../protocol/token-limit.ts"
import type { StoredKey } from "../../store/model-keys.ts"
import type { Core } from "../core.ts"

/** What keys may still use. Requests under way count with what they are guessed to need, so that many at once do not pass together. */
export class Quotas {
  readonly #core: Core
  readonly #underWay = new Map<string, number>()

  constructor(core: Core) {
    this.#core = core
  }

  /**
   * Lets a request in, and returns what takes it off again once what it used is counted.
   * @throws {GatewayProblem} quota
   */
  enter(key: StoredKey, guess: number): () => void {
    const { id, limit } = key
    if (limit === null) return () => {}
    const now = this.#core.clock.now()
    const { fromMs, toMs } = periodAt(limit.per, now)
    const before = this.#underWay.get(id) ?? 0
    const used = this.#core.store.modelUsage.tokensOf(id, fromMs)
    if (used >= limit.tokens)
      throw new GatewayProblem(
        "quota",
        `Rate limit reached: this key has used ${used} of its ${tokenLimitWords(limit)}; it may go on at ${new Date(toMs).toISOString()}`,
        { retryAfterS: Math.max(1, Math.ceil((toMs - now) / 1_000)) },
      )
    if (used + before >= limit.tokens)
      throw new GatewayProblem(
        "quota",
        `Rate limit reached: what is under way may use up the ${tokenLimitWords(limit)} of this key`,
        {
          retryAfterS: 5,
        },
      )
    this.#underWay.set(id, before + guess)
    return () => {
      const left = (this.#underWay.get(id) ?? 0) - guess
      if (left > 0) this.#underWay.set(id, left)
      else this.#underWay.delete(id)
    }
  }
}
