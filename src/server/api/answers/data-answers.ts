import * as z from "zod"
import type { StoredDataView } from "../../../protocol/data-api.ts"
import { answer, count, type Describes, hash, time } from "./answer.ts"

export const data = answer(
  "Data",
  "Stored data: versions on the server, or places where hosts have it themselves",
  z.object({
    name: z.string(),
    user: z.string().describe("Whose it is"),
    shared: z.boolean().describe("Everybody may use it"),
    createdAt: time,
    versions: z
      .array(
        z.object({
          version: count,
          root: hash,
          files: count,
          bytes: count,
          addedAt: time,
          hosts: z.array(z.string()).describe("Connected hosts on which it lies"),
          coming: z
            .array(z.object({ host: z.string(), doneBytes: count, totalBytes: count }))
            .describe("Hosts that are just getting it"),
        }),
      )
      .describe("Oldest first"),
    places: z.array(
      z.object({
        host: z.string(),
        hostName: z.string(),
        path: z.string(),
        provedAt: time,
        problem: z.string().nullable().describe("Why it could not be used the last time"),
        writable: z.boolean().describe("Jobs may change what lies there, as who added it said"),
      }),
    ),
    jobs: z.array(count).describe("Unfinished jobs that were sent with it"),
  }),
)

export const dataList = answer("DataList", "Data by name", z.object({ data: z.array(data) }))

export const DATA_ANSWERS_AGREE: Describes<typeof data, StoredDataView> = true
