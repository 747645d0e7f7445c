import * as z from "zod"
import type { MacFacts } from "../../../protocol/mac-facts.ts"
import { answer, count, type Describes } from "./answer.ts"

export const macFacts = answer(
  "MacFacts",
  "What a Mac is, as its own commands say; null where that is not known, with the reason in `unknown`",
  z.object({
    model: z.string().nullable().describe('As in "Mac15,14"'),
    modelName: z.string().nullable().describe('As in "Mac Studio (M3 Ultra, 2025)"'),
    formFactor: z.enum(["laptop", "desktop"]).nullable(),
    chip: z.string().nullable(),
    cores: z
      .array(z.object({ kind: z.string().nullable(), count }))
      .nullable()
      .describe("Cores of each kind as the system names them, the fastest first"),
    gpuCores: count.nullable(),
    memoryBytes: count.nullable(),
    bandwidthGbPerS: z.number().nullable().describe("Of memory, from the table of chips"),
    fp32Tflops: z.number().nullable().describe("Of the GPU, from the table of chips"),
    gpuWiredLimitMb: count.nullable().describe("What the GPU may hold, as set; 0 is the system's policy"),
    macosVersion: z.string().nullable(),
    macosBuild: z.string().nullable(),
    verdict: z.enum(["accepted", "refused"]).nullable().describe("Whether it can be a host"),
    refusals: z.array(z.string()),
    unknown: z.array(z.object({ fact: z.string(), reason: z.string(), text: z.string() })),
  }),
)

export const MAC_ANSWERS_AGREE: readonly [Describes<typeof macFacts, MacFacts>] = [true]
