import type { Clock } from "../../base/clock.ts"
import { hasToken } from "../../gateway/choice-text.ts"
import { countOf, type JsonObject } from "../../gateway/json-object.ts"
import { promptsOf } from "../../gateway/refuse-too-long.ts"
import type { ExpectedPace, PaceSample } from "../../gateway/replica-paces.ts"
import { type TokenUsage, tokensGuess, usageOf } from "../../gateway/token-usage.ts"
import type { ModelPurpose } from "../../protocol/model-api.ts"
import type { Use } from "./use.ts"

/** How many tokens a request can have at most. */
export interface MostTokens {
  readonly prompt: number
  readonly answer: number
}

/** What one request has used, as far as is known. */
export class Meter {
  readonly #promptGuess: number
  usage: TokenUsage | undefined
  /** Chunks with something in them: about as many tokens. */
  #chunks = 0
  /** Of an answer of which nothing came. */
  #guessed = 0
  /** Whether an engine has begun to answer. */
  hasBegun = false

  readonly #clock: Clock
  readonly #mostTokens: number
  /** Makes a token in so long, as far as is known; `null`: no replica is asked. */
  #expected: ExpectedPace | null = null
  #begunMs = 0
  #firstMs = 0
  #lastMs = 0

  /** @param body what the engine is asked; pictures in it are left out of the guess */
  constructor(body: string, most: MostTokens, clock: Clock) {
    this.#clock = clock
    this.#mostTokens = most.answer
    const pictures = body.includes("data:image/") ? body.replaceAll(/data:image\/[^"]*/g, "") : body
    this.#promptGuess = Math.min(most.prompt, tokensGuess(Buffer.byteLength(pictures)))
  }

  /** Takes note of an answer, or of a chunk of one. @returns whether the client gets to see something of the answer by it */
  note(chunk: JsonObject): boolean {
    this.hasBegun = true
    if (chunk.usage !== undefined) this.usage = usageOf(chunk) ?? this.usage
    if (!hasToken(chunk)) return false
    this.#lastMs = this.#clock.monotonicMs()
    if (this.#chunks++ === 0) this.#firstMs = this.#lastMs
    return true
  }

  /** A replica is asked now. @param expected how fast it is thought to be */
  begin(expected: ExpectedPace): void {
    this.#expected = expected
    this.#begunMs = this.#clock.monotonicMs()
  }

  /**
   * The request was ended while its replica worked on it, by its client or its key. Nothing is known of an answer that was to come whole: what
   * was made of it is guessed from the time it took. Of a stream every token was seen.
   */
  cut(isStream: boolean): void {
    const expected = this.#expected
    if (expected === null || this.usage !== undefined || this.#chunks > 0) return
    this.hasBegun = true
    if (isStream) return
    const ms = this.#clock.monotonicMs() - this.#begunMs - expected.firstMs
    this.#guessed = Math.min(this.#mostTokens, Math.max(0, Math.round(ms / expected.tokenMs)))
  }

  /** How fast the answer came, once it is whole. */
  get pace(): PaceSample {
    const tokens = this.usage?.completionTokens ?? this.#chunks
    // What came in one piece, as whole answers and those to embeddings do, tells of all of it together.
    if (this.#chunks < 2) {
      const wholeMs = this.#clock.monotonicMs() - this.#begunMs
      return tokens === 0 ? { firstMs: wholeMs, tokenMs: null } : { firstMs: null, tokenMs: wholeMs / tokens }
    }
    const tokenMs = tokens < 2 ? null : (this.#lastMs - this.#firstMs) / (tokens - 1)
    return { firstMs: this.#firstMs - this.#begunMs, tokenMs }
  }

  /** The answer was lost before anybody saw any of it: that is nobody's use. */
  forget(): void {
    this.hasBegun = false
    this.usage = undefined
    this.#chunks = 0
    this.#expected = null
  }

  get promptGuess(): number {
    return this.#promptGuess
  }

  /** All tokens, counted or guessed. */
  get tokens(): number {
    if (this.usage !== undefined) return this.usage.promptTokens + this.usage.completionTokens
    return this.hasBegun ? this.#promptGuess + this.#chunks + this.#guessed : 0
  }

  /** What of it is put to an account; `null`: no engine began it. */
  get use(): Use | null {
    if (this.usage !== undefined) return { usage: this.usage, guessedTokens: 0 }
    return this.hasBegun ? { usage: undefined, guessedTokens: this.tokens } : null
  }
}

/** As many as are asked for, and as there is room for: every prompt has a context of its own. Embeddings have nothing but prompts. */
export function mostTokensOf(body: JsonObject, purpose: ModelPurpose, contextTokens: number): MostTokens {
  const prompt = contextTokens * promptsOf(body.prompt ?? body.input).length
  if (purpose === "embeddings") return { prompt, answer: 0 }
  return { prompt, answer: Math.min(countOf(body.max_tokens) ?? contextTokens, contextTokens) }
}
