import { hasToken } from "../../gateway/choice-text.ts"
import type { JsonObject } from "../../gateway/json-object.ts"
import { type TokenUsage, tokensGuess, usageOf } from "../../gateway/token-usage.ts"
import type { StoredKey } from "../../store/model-keys.ts"
import type { Core } from "../core.ts"

/** What one request has used, as far as is known. */
export class Meter {
  readonly #promptGuess: number
  usage: TokenUsage | undefined
  /** Chunks with something in them: about as many tokens. */
  #chunks = 0
  /** Whether an engine has begun to answer. */
  hasBegun = false

  /** @param body what the engine is asked; pictures in it are left out of the guess */
  constructor(body: string) {
    const pictures = body.includes("data:image/") ? body.replaceAll(/data:image\/[^"]*/g, "") : body
    this.#promptGuess = tokensGuess(Buffer.byteLength(pictures))
  }

  /** Takes note of an answer, or of a chunk of one. @returns whether the client gets to see something of the answer by it */
  note(chunk: JsonObject): boolean {
    this.hasBegun = true
    if (chunk.usage !== undefined) this.usage = usageOf(chunk) ?? this.usage
    if (!hasToken(chunk)) return false
    this.#chunks++
    return true
  }

  /** The answer was lost before anybody saw any of it: that is nobody's use. */
  forget(): void {
    this.hasBegun = false
    this.usage = undefined
    this.#chunks = 0
  }

  get promptGuess(): number {
    return this.#promptGuess
  }

  /** All tokens, counted or guessed. */
  get tokens(): number {
    if (this.usage !== undefined) return this.usage.promptTokens + this.usage.completionTokens
    return this.hasBegun ? this.#promptGuess + this.#chunks : 0
  }

  /**
   * Puts it to the key's account; resolves when that is durable. Of a request that no engine began nothing is counted. Trouble with
   * the disk is reported, and does not take the answer away from the client.
   */
  async count(core: Core, key: StoredKey, model: string): Promise<void> {
    if (this.usage === undefined && !this.hasBegun) return
    const { promptTokens = 0, cachedTokens = 0, completionTokens = 0 } = this.usage ?? {}
    const guessedTokens = this.usage === undefined ? this.tokens : 0
    const used = {
      user: key.user,
      key: key.id,
      model,
      requests: 1,
      promptTokens,
      cachedTokens,
      completionTokens,
      cutRequests: this.usage === undefined ? 1 : 0,
      guessedTokens,
    }
    try {
      await core.ledger.change(() => core.store.modelUsage.add(used, core.clock.now()))
    } catch (error) {
      core.report(`Cannot count what the key ${key.id} used`, error)
    }
  }
}
