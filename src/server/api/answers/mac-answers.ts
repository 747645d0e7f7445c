import * as z from "zod"
import type { MacFacts } from "../../../protocol/mac-facts.ts"
import { HEATS, type HostVitals, MEMORY_PRESSURES, POWER_SOURCES } from "../../../protocol/vitals.ts"
import { answer, count, type Describes, time } from "./answer.ts"

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

export const vitals = answer(
  "Vitals",
  "How a host is, as it said last; null where that is not known",
  z.object({
    at: time,
    gpuBusyPercent: count.nullable(),
    gpuMemoryBytes: count.nullable().describe("Allocated for the GPU, by jobs and others"),
    heat: z.enum(HEATS).nullable().describe("Thermal pressure; from heavy on the chip is slowed down"),
    power: z.enum(POWER_SOURCES).nullable(),
    chargePercent: count.nullable(),
    charging: z.boolean().nullable(),
    memoryAvailableBytes: count.nullable().describe("What new work could have"),
    memoryPressure: z.enum(MEMORY_PRESSURES).nullable(),
    swapUsedBytes: count.nullable(),
    load: z.number().nullable().describe("Over the last minute"),
  }),
)

export const MAC_ANSWERS_AGREE: readonly [Describes<typeof macFacts, MacFacts>, Describes<typeof vitals, HostVitals>] =
  [true, true]
