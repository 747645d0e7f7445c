import * as z from "zod"
import type { HiveNetwork } from "../../../protocol/hive-network.ts"
import type { Describes } from "./answer.ts"

export const hiveNetwork = z
  .union([
    z.object({ kind: z.literal("thunderbolt") }),
    z.object({ kind: z.literal("trusted"), nets: z.array(z.string()) }),
    z.object({ kind: z.literal("accepted") }),
    z.object({ kind: z.literal("tunnel") }),
  ])
  .describe("What members of a hive talk over; accepted: whatever there is; tunnel: through the server")

export const HIVE_NETWORK_AGREES: Describes<typeof hiveNetwork, HiveNetwork> = true
