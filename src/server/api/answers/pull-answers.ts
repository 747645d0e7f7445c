import * as z from "zod"
import type { ModelDisk } from "../../../protocol/model-disk.ts"
import { PULL_STATES, type PullView } from "../../../protocol/pull-api.ts"
import { answer, count, type Describes, time } from "./answer.ts"

export const pull = answer(
  "Pull",
  "A model that is fetched from a hub, or was",
  z.object({
    id: z.string(),
    user: z.string(),
    name: z.string().describe("Of the data that it becomes"),
    repository: z.string(),
    revision: z.string(),
    commit: z.string(),
    label: z.string().nullable().describe("What was picked, as a name for it"),
    hub: z.string(),
    state: z.enum(PULL_STATES),
    reason: z.string().nullable().describe("Why it failed, or what it waits for"),
    files: z.array(z.object({ name: z.string(), bytes: count, doneBytes: count })),
    totalBytes: count,
    doneBytes: count.describe("Of that, what is here"),
    fetchedBytes: count.describe("What came from the hub in this run of the server"),
    version: count.nullable().describe("Of the data, once it is done"),
    createdAt: time,
    endedAt: time.nullable(),
  }),
)

export const pullList = answer("PullList", "Models that are fetched, oldest first", z.object({ pulls: z.array(pull) }))

export const modelDisk = answer(
  "ModelDisk",
  "What models of hubs take on the server's disk",
  z.object({
    heldBytes: count,
    budgetBytes: count.nullable().describe("What they may take; null: what the disk has"),
    models: z.array(
      z.object({
        name: z.string().describe("Of the data"),
        user: z.string(),
        repository: z.string().describe("As windfall model pull takes it"),
        bytes: count,
        usedAt: time,
        stays: z.string().nullable().describe("Why it would not go now; null: it may"),
      }),
    ),
  }),
)

export const MODEL_DISK_AGREES: Describes<typeof modelDisk, ModelDisk> = true
export const PULL_ANSWERS_AGREE: Describes<typeof pull, PullView> = true
