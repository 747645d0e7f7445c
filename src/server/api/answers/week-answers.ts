import * as z from "zod"
import type { WeekView } from "../../../protocol/week-api.ts"
import { answer, type Describes } from "./answer.ts"

export const week = answer(
  "HostWeek",
  "What was learned of when people are at a host",
  z.object({
    host: z.string(),
    name: z.string(),
    learns: z.boolean().describe("Its owner did not turn it off"),
    byPolicy: z.boolean().describe("The policy lets it be learned at all"),
    timeZone: z.string().describe("Of the times"),
    seenHours: z.number().describe("For how long somebody looked, older hours counted less"),
    times: z
      .array(
        z.object({
          days: z.array(z.number()).describe("0 is Monday"),
          fromHour: z.number(),
          toHour: z.number().describe("Up to 24"),
        }),
      )
      .describe("When somebody is usually there: no start is planned then"),
    text: z.string().nullable().describe("The same in words; null: never, as far as is known"),
  }),
)

true satisfies Describes<typeof week, WeekView>
