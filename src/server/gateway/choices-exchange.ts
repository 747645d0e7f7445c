import type { JsonObject } from "../../gateway/json-object.ts"
import type { WantedChoices } from "../../gateway/wanted-choices.ts"
import type { ClientSide } from "./answer-sink.ts"
import { type ChoiceAnswers, streamedChoices, wholeChoices } from "./choice-answers.ts"
import { carryOut, type Exchange } from "./exchange.ts"
import { HeldBody } from "./held-bytes.ts"
import type { Meter } from "./meter.ts"
import { type Beginning, beginningsOf } from "./prefix-memory.ts"
import { sumUses, tokensOf, type Use } from "./use.ts"

/** More would only wait for turns, and their time to wait would run. */
const AT_A_TIME = 8

/** What the requests for all choices have in common. */
export type CommonExchange = Omit<Exchange, "body" | "onSeen" | "beginnings" | "meter" | "sink">

/** @param usedTokens by the choices so far @throws {GatewayProblem} where no more may be asked for */
export type MayGoOn = (usedTokens: number) => void

/** @param text the JSON of the body */
export type MeterOf = (body: JsonObject, text: string) => Meter

/** A request for several choices: each is a request of its own to an engine, in its own turn, and all are one answer. */
export class ChoicesExchange {
  readonly #side: ClientSide
  readonly #wanted: WantedChoices
  readonly #common: CommonExchange
  readonly #meterOf: MeterOf
  readonly #mayGoOn: MayGoOn
  readonly #meters: Meter[] = []
  readonly #beginnings = new Map<number, readonly Beginning[]>()

  constructor(side: ClientSide, wanted: WantedChoices, common: CommonExchange, meterOf: MeterOf, mayGoOn: MayGoOn) {
    this.#side = side
    this.#wanted = wanted
    this.#common = common
    this.#meterOf = meterOf
    this.#mayGoOn = mayGoOn
  }

  /** All of them together. */
  get use(): Use | null {
    const { changes, perPrompt } = this.#wanted
    const uses = changes.map((_, index) => this.#meters[index]?.use ?? null)
    return sumUses(uses, perPrompt, (index) => this.#meters[index]?.promptGuess ?? 0)
  }

  /**
   * Some at a time, as there are turns for them. Where one fails the others are ended.
   * @throws {GatewayProblem} what the client is to be told, within the stream where that has begun; the signal's reason
   */
  async carryOut(): Promise<void> {
    const { changes } = this.#wanted
    const failed = new AbortController()
    const signal = AbortSignal.any([this.#common.signal, failed.signal])
    const answers = this.#common.stream ? streamedChoices(this.#side) : wholeChoices(this.#side)
    let next = 0
    const lane = async () => {
      for (let index = next++; index < changes.length; index = next++) await this.#askFor(index, signal, answers)
    }
    const lanes = Array.from({ length: Math.min(AT_A_TIME, changes.length) }, () =>
      lane().catch((error: unknown) => failed.abort(error)),
    )
    await Promise.all(lanes)
    failed.signal.throwIfAborted()
    await answers.end(this.use?.usage)
  }

  async #askFor(index: number, signal: AbortSignal, answers: ChoiceAnswers): Promise<void> {
    this.#mayGoOn(tokensOf(this.use))
    const asked = this.#asked(index)
    try {
      await carryOut({ ...this.#common, ...asked, signal, sink: () => answers.sink(index) })
    } finally {
      asked.body.free()
    }
  }

  #asked(index: number) {
    const body = { ...this.#side.asked.body, ...this.#wanted.changes[index] }
    const text = JSON.stringify(body)
    const meter = this.#meterOf(body, text)
    this.#meters[index] = meter
    const prompt = Math.floor(index / this.#wanted.perPrompt)
    const beginnings = this.#beginnings.get(prompt) ?? beginningsOf(body)
    this.#beginnings.set(prompt, beginnings)
    return { body: new HeldBody(text), meter, beginnings }
  }
}
