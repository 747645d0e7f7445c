import type { AnswerNames, Asked, Dialect, StreamWriter } from "../../gateway/dialect.ts"
import type { JsonObject } from "../../gateway/json-object.ts"
import type { TokenUsage } from "../../gateway/token-usage.ts"
import type { ClientAnswer } from "./client-answer.ts"
import { problemOf } from "./problem-of.ts"

/** Where the answer goes that a replica gives to a request. Each try has one of its own. */
export interface AnswerSink {
  /** The whole answer. */
  whole(answer: JsonObject): Promise<void>
  /**
   * Chunks of a stream that came together.
   * @param isSeen whether the client gets to see something of the answer by now: what came before is held back
   * @returns what is to be waited for before more come
   */
  chunks(chunks: readonly JsonObject[], isSeen: boolean): Promise<void> | undefined
  /** The stream has come to its end. */
  end(): Promise<void>
  /** It was cut after the client had seen something of it. @param error also the reason for which the request was ended */
  cut(error: unknown): Promise<void>
}

/** All of one request that has passed the checks, on the client's side. */
export interface ClientSide {
  readonly dialect: Dialect
  readonly asked: Asked
  readonly original: JsonObject
  readonly names: AnswerNames
  readonly client: ClientAnswer
  /** Puts what was used to the key's account. More calls are one. */
  count(): Promise<void>
}

/** The only answer of a request: it goes to the client as it comes. @param usage what the engine counted, once it has */
export function onlyAnswer(side: ClientSide, usage: () => TokenUsage | undefined): AnswerSink {
  const { dialect, asked, original, names, client, count } = side
  let writer: StreamWriter | undefined
  const written = () => (writer ??= dialect.stream(asked, original, names))
  let held = ""
  return {
    async whole(answer) {
      const shown = dialect.answer(asked, original, answer, names)
      await count()
      client.json(200, shown)
    },
    chunks(chunks, isSeen) {
      for (const chunk of chunks) held += written().chunk(chunk)
      if (!isSeen || held === "") return undefined
      const text = held
      held = ""
      return client.write(text)
    },
    async end() {
      await count()
      client.end(held + written().end(usage()))
    },
    async cut(error) {
      await count()
      if (client.isGone) throw error
      client.end(written().fail(problemOf(error)))
    },
  }
}
