import type { JsonObject } from "../../gateway/json-object.ts"
import { MergedChunks, mergeAnswers } from "../../gateway/merge-choices.ts"
import type { TokenUsage } from "../../gateway/token-usage.ts"
import type { AnswerSink, ClientSide } from "./answer-sink.ts"
import { problemOf } from "./problem-of.ts"

/** Where the answers to several choices become one. */
export interface ChoiceAnswers {
  /** Where the answer to the choice of this index goes. */
  sink(index: number): AnswerSink
  /** All have come. @param usage of all together, where engines told it */
  end(usage: TokenUsage | undefined): Promise<void>
}

/** What does not come: of a stream a whole answer, of a whole answer the parts of a stream. */
const NOTHING: AnswerSink = {
  whole: async () => {},
  chunks: () => undefined,
  end: async () => {},
  // The others are ended first: then all of it is counted, and the client is told.
  cut: async (error) => {
    throw problemOf(error)
  },
}

/** They are kept until all are there. */
export function wholeChoices({ dialect, asked, original, names, client, count }: ClientSide): ChoiceAnswers {
  const answers: JsonObject[] = []
  return {
    sink: (index) => ({
      ...NOTHING,
      whole: async (answer) => {
        answers[index] = answer
      },
    }),
    async end(usage) {
      const shown = dialect.answer(asked, original, mergeAnswers(answers, usage), names)
      await count()
      client.json(200, shown)
    },
  }
}

/** Chunks go to the client as they come, of whichever choice they are. */
export function streamedChoices({ dialect, asked, original, names, client, count }: ClientSide): ChoiceAnswers {
  const writer = dialect.stream(asked, original, names)
  const merged = new MergedChunks(names)
  return {
    sink(index) {
      let held = ""
      const write = () => {
        const text = held
        held = ""
        return text === "" ? undefined : client.write(text)
      }
      return {
        ...NOTHING,
        chunks(chunks, isSeen) {
          for (const each of chunks) {
            const chunk = merged.chunk(each, index)
            if (chunk !== undefined) held += writer.chunk(chunk)
          }
          return isSeen ? write() : undefined
        },
        end: async () => await write(),
      }
    },
    async end(usage) {
      const last = merged.usageChunk(usage)
      await count()
      client.end((last === undefined ? "" : writer.chunk(last)) + writer.end(usage))
    },
  }
}
