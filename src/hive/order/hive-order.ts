import type { HiveNetwork } from "../../protocol/hive-network.ts"
import type { ModelPurpose } from "../../protocol/model-api.ts"
import type { RdmaMatrix } from "../../protocol/rdma.ts"
import type { EngineName } from "../speed/host-speed.ts"

/**
 * What the members of a hive are told, as `hive.json` in their workspace; the same file on each host. It holds keys: it is as secret as the
 * hive's answers are. docs/hive-members.md says it for people.
 */
export interface HiveOrder {
  readonly version: 1
  /** Tells the members of one hive from those of another. */
  readonly hive: string
  /** By which members know each other: 64 hexadecimal digits. */
  readonly key: string
  /** What the engine asks of who calls it. */
  readonly engineKey: string
  readonly engine: EngineName
  /** A folder to look for the engine's programs in before all others; `null`: where they usually lie. */
  readonly engineFolder: string | null
  /** The name by which the engine calls the model. */
  readonly alias: string
  /** Tokens of each slot. */
  readonly contextTokens: number
  readonly slots: number
  readonly kv: "f16" | "q8_0" | "q4_0"
  readonly mode: "single" | "pipeline" | "tensor"
  /** Devices by which ranks of MLX reach each other over RDMA; absent: they are a ring over TCP. */
  readonly rdma?: RdmaMatrix
  /** By which the model sees images, on the head's host, as `modelPath`; `null`: it takes none. */
  readonly projectorPath: string | null
  /** What it is asked for; absent: text. */
  readonly purpose?: ModelPurpose
  /** Tokens that are worked off at once, where a whole text must fit; absent: as usual. */
  readonly batchTokens?: number
  /** By rank. Rank 0 is the head: it has the model's file, and answers. */
  readonly members: readonly OrderedMember[]
  /** What they talk over; absent: whatever there is. With `tunnel` all of them are on loopback. */
  readonly network?: HiveNetwork | undefined
  /** On 127.0.0.1 of the head's host; `null`: any that is free. */
  readonly httpPort: number | null
  /** Threads of each process of the engine; `null`: as many as the lease has cores, at most eight. */
  readonly threads: number | null
  /** What a member's host may keep of weights that were sent to it; 0: nothing. */
  readonly cacheBytes: number
  readonly limits: HiveLimits
}

/**
 * What a hive's job is to be asked to end with. A supervisor sends it to the whole tree at once; engines know nothing of this one and go on, so that
 * the member can have them finish what is in flight and end them in the right order. With SIGTERM all answers would be cut.
 */
export const HIVE_STOP_SIGNAL = "SIGURG"

/** How long a hive's job must be given for that. */
export function stopGraceMs({ limits, members }: Pick<HiveOrder, "limits" | "members">): number {
  const { drainMs, graceMs, killMs } = limits
  // The head first, then the workers; and a moment for all to hear of it.
  return drainMs + (graceMs + killMs) * (members.length === 1 ? 1 : 2) + 5_000
}

export interface OrderedMember {
  /** On its own host, absolute or from the folder of `hive.json`; `null` where the engine needs no file there. */
  readonly modelPath: string | null
  /** The first of its layers, from 0. */
  readonly firstLayer: number
  /** How many. None: only a head may have none. The member with the last one has the output, too. */
  readonly layers: number
}

/** All in milliseconds. */
export interface HiveLimits {
  /** Until all members have found each other. */
  readonly gatherMs: number
  /** Until an engine's worker listens, and until one is reached from the head's host. */
  readonly workerMs: number
  /** Until the head has loaded the model, and until the canary has come back. */
  readonly loadMs: number
  /** Between two proofs of life. */
  readonly pulseMs: number
  /** Without one for so long, a member is lost. */
  readonly silentMs: number
  /** Without a token for so long while a request is worked on, the engine is stuck. */
  readonly stallMs: number
  /** For what is in flight when the hive is to end. */
  readonly drainMs: number
  /** From the first request to end until the second, which ends at once. */
  readonly graceMs: number
  /** From the second one until the engine is killed: memory that the GPU holds takes its time to come back. */
  readonly killMs: number
}

export const DEFAULT_LIMITS: HiveLimits = {
  gatherMs: 60_000,
  workerMs: 30_000,
  loadMs: 600_000,
  pulseMs: 1_000,
  silentMs: 10_000,
  stallMs: 120_000,
  drainMs: 30_000,
  graceMs: 5_000,
  killMs: 30_000,
}

/** How many layers the model has, where each member has some of its own. */
export function layerCount({ members }: Pick<HiveOrder, "members">): number {
  return members.reduce((sum, { layers }) => sum + layers, 0)
}

/** Ranks of those that have layers, in the order of the layers. */
export function ranksByLayer({ members }: Pick<HiveOrder, "members">): readonly number[] {
  return members
    .flatMap(({ layers }, rank) => (layers > 0 ? [rank] : []))
    .toSorted((a, b) => (members[a]?.firstLayer ?? 0) - (members[b]?.firstLayer ?? 0))
}
