import * as z from "zod"
import type { NetworkMeasure } from "../../../protocol/network.ts"
import type { BenchStep, DiscoverAnswer, DiscoveredMachine } from "../../../protocol/network-api.ts"
import { answer, count, type Describes, time } from "./answer.ts"

const machine = answer(
  "DiscoveredMachine",
  "Something on the server's net that says it offers ssh. Anybody there can say anything",
  z.object({
    name: z.string(),
    target: z.string().describe('As in "studio-3.local"'),
    port: count,
    host: z.string().nullable().describe("The host of the pool that it seems to be; null: none"),
  }),
)

export const discovered = answer(
  "Discovered",
  "What offers ssh on the server's net",
  z.object({
    found: z.array(machine),
    problem: z.string().nullable().describe("Why nothing could be asked; null when all went well"),
  }),
)

const measure = answer(
  "NetworkMeasure",
  "What one transfer came to",
  z.object({
    from: z.string().describe('A host\'s id, or "server"'),
    to: z.string(),
    mbps: z.number(),
    roundTripMs: z.number(),
    bytes: count,
    durationMs: z.number(),
    at: time,
  }),
)

const error = z.object({
  code: z.string(),
  message: z.string(),
  hint: z.string().optional(),
  details: z.record(z.string(), z.unknown()).optional(),
})
const ends = { from: z.string().describe('A host\'s name, or "server"'), to: z.string() }

export const benchStep = answer(
  "BenchStep",
  "A step of a measurement; the last one is done or failed",
  z.discriminatedUnion("step", [
    z.object({ step: z.literal("waiting") }).describe("Another measurement comes first"),
    z.object({ step: z.literal("progress"), ...ends, bytes: count, durationMs: count }),
    z.object({ step: z.literal("measured"), ...ends, measure }),
    z.object({ step: z.literal("done") }),
    z.object({ step: z.literal("failed"), error }),
  ]),
)

export const NETWORK_ANSWERS_AGREE: readonly [
  Describes<typeof machine, DiscoveredMachine>,
  Describes<typeof discovered, DiscoverAnswer>,
  Describes<typeof measure, NetworkMeasure>,
  Describes<typeof benchStep, BenchStep>,
] = [true, true, true, true]
