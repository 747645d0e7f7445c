import { GatewayProblem } from "../../gateway/gateway-problem.ts"
import { periodAt, tokenLimitWords } from "../../protocol/token-limit.ts"
import type { StoredKey } from "../../store/model-keys.ts"
import type { Core } from "../core.ts"

/** What a request may need, before an engine has counted any of it. */
export interface TokenNeed {
  /** Of its prompts, guessed. */
  readonly prompt: number
  /** How many answers it asks for. */
  readonly answers: number
  /** Of each answer at most; `null`: it does not say. */
  readonly perAnswer: number | null
  /** What there is room for. */
  readonly mostPerAnswer: number
}

/** A request's place within the limit of its key. */
export interface QuotaPlace {
  /** Its turn has come: whether it is still within the limit. More calls are one. @throws {GatewayProblem} quota */
  begin(): void
  /** Another answer of it is about to be asked for: whether what it used by now leaves some of the limit. @throws {GatewayProblem} quota */
  goOn(usedTokens: number): void
  /** Takes it off again, once what it used is counted. */
  leave(): void
}

/** Of an answer, where the key has had none in this period. */
const USUAL_ANSWER = 256
const RETRY_UNDER_WAY_S = 5
const FREE: QuotaPlace = { begin: () => {}, goOn: () => {}, leave: () => {} }

interface UnderWay {
  readonly need: number
  hasBegun: boolean
}

/** What keys may still use. Requests under way count with all that they may need, so that many at once do not pass together. */
export class Quotas {
  readonly #core: Core
  readonly #underWay = new Map<string, Set<UnderWay>>()

  constructor(core: Core) {
    this.#core = core
  }

  /**
   * Lets a request in. One that needs more than is left passes where nothing else is in its way.
   * @throws {GatewayProblem} quota
   */
  enter(key: StoredKey, need: TokenNeed): QuotaPlace {
    if (key.limit === null) return FREE
    const own: UnderWay = { need: needOf(need, () => this.#meanAnswer(key)), hasBegun: false }
    this.#check(key, () => true)
    const all = this.#underWay.get(key.id) ?? new Set()
    this.#underWay.set(key.id, all.add(own))
    return {
      begin: () => {
        if (own.hasBegun) return
        // Those that wait are looked at in their own turn.
        this.#check(key, ({ hasBegun }) => hasBegun)
        own.hasBegun = true
      },
      goOn: (usedTokens) => this.#checkUsed(key, usedTokens),
      leave: () => {
        all.delete(own)
        if (all.size === 0) this.#underWay.delete(key.id)
      },
    }
  }

  #check(key: StoredKey, counts: (one: UnderWay) => boolean): void {
    const { id, limit } = key
    if (limit === null) return
    const used = this.#checkUsed(key, 0)
    let underWay = 0
    for (const one of this.#underWay.get(id) ?? []) if (counts(one)) underWay += one.need
    if (used + underWay >= limit.tokens)
      throw new GatewayProblem(
        "quota",
        `Rate limit reached: what is under way may use up the ${tokenLimitWords(limit)} of this key`,
        { retryAfterS: RETRY_UNDER_WAY_S },
      )
  }

  /** @param more used, and not counted yet @returns what the key has used */
  #checkUsed({ id, limit }: StoredKey, more: number): number {
    if (limit === null) return 0
    const now = this.#core.clock.now()
    const { fromMs, toMs } = periodAt(limit.per, now)
    const used = this.#core.store.modelUsage.ofKey(id, fromMs).tokens + more
    if (used >= limit.tokens)
      throw new GatewayProblem(
        "quota",
        `Rate limit reached: this key has used ${used} of its ${tokenLimitWords(limit)}; it may go on at ${new Date(toMs).toISOString()}`,
        { retryAfterS: Math.max(1, Math.ceil((toMs - now) / 1_000)) },
      )
    return used
  }

  #meanAnswer({ id, limit }: StoredKey): number {
    const fromMs = limit === null ? 0 : periodAt(limit.per, this.#core.clock.now()).fromMs
    const { requests, completionTokens } = this.#core.store.modelUsage.ofKey(id, fromMs)
    return requests === 0 ? USUAL_ANSWER : Math.max(1, Math.ceil(completionTokens / requests))
  }
}

function needOf({ prompt, answers, perAnswer, mostPerAnswer }: TokenNeed, mean: () => number): number {
  return prompt + answers * Math.min(perAnswer ?? mean(), mostPerAnswer)
}
