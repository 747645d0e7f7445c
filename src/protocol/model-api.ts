import type { HiveNetwork } from "./hive-network.ts"
import type { HostId, JobId } from "./ids.ts"
import type { RdmaMatrix } from "./rdma.ts"

/** What can serve a model. */
export const ENGINES = ["llama.cpp", "mlx"] as const
export type EngineKind = (typeof ENGINES)[number]

export const CACHE_TYPES = ["f16", "q8_0", "q4_0"] as const
export type CacheType = (typeof CACHE_TYPES)[number]

export const LEFT_OUT = ["host", "listening", "cables"] as const

/** What clients ask a model for. */
export const MODEL_PURPOSES = ["text", "embeddings"] as const
export type ModelPurpose = (typeof MODEL_PURPOSES)[number]

export const MOST_REPLICAS = 4
export const USUAL_SLOTS = 4
/** As long as nobody says another, and the model allows it. */
export const USUAL_CONTEXT_TOKENS = 32_768
export const USUAL_IDLE_STOP_MS = 30 * 60_000
/** How long a model may be unused before it stops, in milliseconds. */
export const IDLE_STOP_MS = { minimum: 1_000, maximum: 30 * 86_400_000 }

/**
 * How a replica stands. idle: nothing runs, and nothing is to; waiting: for hosts; starting: files travel, or its engine loads; ready: it
 * answers; ending: what is in flight may finish, then it ends; resting: it was lost and is tried again; degraded: it was lost too often.
 */
export const REPLICA_STATES = ["idle", "waiting", "starting", "ready", "ending", "resting", "degraded"] as const
export type ReplicaState = (typeof REPLICA_STATES)[number]

/**
 * How a model stands. ready: all its replicas answer; partly: some do; starting, waiting: none does yet; idle: it starts with the next
 * request; degraded: none does, and none is tried any more; stopping; stopped: somebody said so.
 */
export const MODEL_STATES = [
  ...(["ready", "partly", "starting", "waiting", "idle", "degraded", "stopping", "stopped"] as const),
] as const
export type ModelState = (typeof MODEL_STATES)[number]

/** How a model is to be served. */
export interface ServeOptions {
  readonly replicas: number
  readonly engine: EngineKind
  /** Of each slot. */
  readonly contextTokens: number
  /** Requests that a replica works on at a time. */
  readonly slots: number
  readonly kv: CacheType
  /** Unused for so long it stops until the next request; `null`: never. */
  readonly idleStopMs: number | null
  /** Names of the only hosts it may run on; none: all. */
  readonly pins: readonly string[]
  /** An administrator accepts that members talk over a network which others may reach. */
  readonly trustsNetwork: boolean
  /** It takes images: its weights have what sees them, its engine serves that, and nobody said otherwise. */
  readonly images: boolean
  /** As its weights have it. */
  readonly purpose: ModelPurpose
  /** No token of it stands for more bytes of text; `null`: none is known to be the longest. As its weights have it. */
  readonly longestTokenBytes: number | null
  /** Its chat template may write what tools there are. As its weights have it. */
  readonly knowsTools: boolean
}

/** POST /v1/hives/NAME/serve. What is left out is as before, or as usual. */
export interface ServeRequest {
  /** Name of the data that has the weights; `null`: as before. */
  readonly data: string | null
  /** The file in it, where there are several models. */
  readonly file: string | null
  readonly engine: EngineKind | "auto" | null
  readonly replicas: number | null
  readonly contextTokens: number | null
  readonly slots: number | null
  readonly kv: CacheType | null
  /** 0: never. */
  readonly idleStopMs: number | null
  readonly pins: readonly string[] | null
  readonly trustsNetwork: boolean | null
  /** false: without images, also where its weights could see them. */
  readonly images: boolean | null
}

/** What POST /v1/hives/NAME/check answers. */
export interface ServeCheckView {
  /** How the model of this name is served so far; `null`: there is none. */
  readonly options: ServeOptions | null
}

/** One member of a replica, by rank. */
export interface ReplicaMember {
  readonly host: string
  readonly hostName: string
  /** From 0. */
  readonly firstLayer: number
  /** 0: it has none of them, but reads the file and answers. */
  readonly layers: number
  /** What is leased there. */
  readonly needBytes: number
}

/** Where a replica runs, or is to. */
export interface ReplicaPlan {
  readonly mode: "single" | "pipeline" | "tensor"
  /** By rank; rank 0 is the head. */
  readonly members: readonly ReplicaMember[]
  /** Devices by which they reach each other over RDMA; absent: they do not. */
  readonly rdma?: RdmaMatrix
  /** What members talk over, in words; `null`: there is one. */
  readonly network: string | null
  /** The same as the members are told; absent where there is one, and from earlier releases. */
  readonly over?: HiveNetwork | undefined
  /** Expected of one conversation; `null`: not known. */
  readonly tokensPerSecond: { readonly low: number; readonly high: number } | null
}

/** A host that a replica does not get for a while, for what went wrong there. */
export interface LeftOutHost {
  readonly host: HostId
  readonly hostName: string
  readonly until: number
  /** What is left out of it: the host, its listening on more than loopback (it takes part through tunnels), its Thunderbolt cables. */
  readonly what: (typeof LEFT_OUT)[number]
  /** In words. */
  readonly reason: string
}

export interface ReplicaView {
  /** From 1. */
  readonly number: number
  readonly state: ReplicaState
  /** Its hive is of how the model was served before, and ends; absent: it is as the model is to be served now. */
  readonly isFormer?: true
  /** Why it is so, in words; `null` when there is nothing to say. */
  readonly reason: string | null
  readonly job: JobId | null
  /** How often in a row it was lost. */
  readonly losses: number
  /** When it is tried again, of one that rests. */
  readonly nextTryAt: number | null
  /** Hosts that it is not planned on, or not as they could be, in this run of the server; absent: there are none. */
  readonly leftOut?: readonly LeftOutHost[]
  /** When and why it was lost last, in this run of the server. */
  readonly lastLoss: { readonly at: number; readonly reason: string } | null
  readonly readySince: number | null
  readonly plan: ReplicaPlan | null
  /** As the engine says it; `null`: not yet. */
  readonly engineVersion: string | null
  /** Requests under way. */
  readonly inFlight: number
}

/** GET /v1/hives, /v1/hives/NAME: a model that is served, or was. Everybody may see it; who serves it and administrators change it. */
export interface ModelView {
  readonly name: string
  readonly user: string
  readonly state: ModelState
  readonly reason: string | null
  readonly weights: {
    readonly data: string
    readonly version: number
    readonly file: string | null
    readonly bytes: number
  }
  readonly options: ServeOptions
  readonly createdAt: number
  /** When a request was brought to it last, in this run of the server. */
  readonly usedAt: number | null
  readonly replicas: readonly ReplicaView[]
}

/** What the jobs of a replica are called, as far as no other job of theirs is. */
export function hiveJobName(model: string, number: number): string {
  return `${model.replaceAll(":", "-").slice(0, 54)}-hive-${number}`
}

/** Why a text cannot name a model, or `null` when it can. */
export function modelNameProblem(name: string): string | null {
  return /^[A-Za-z0-9][A-Za-z0-9._:-]{0,62}$/.test(name)
    ? null
    : "a name has up to 63 letters, digits, dots, dashes, colons and underscores, and starts with a letter or digit"
}
