import type { JobId } from "../protocol/ids.ts"
import type { ReplicaPlan, ReplicaState, ServeOptions } from "../protocol/model-api.ts"

/** A model as it is to be served. Times are milliseconds since 1970. */
export interface ModelRecord {
  readonly name: string
  /** Who serves it: its hives are this user's jobs. */
  readonly user: string
  /** What has the weights: a version of named data, and the file in it where there are several models. */
  readonly data: string
  readonly version: number
  readonly file: string | null
  readonly options: ServeOptions
  readonly wanted: "serving" | "stopped"
  /** Not, when it was unused for long: then it starts with the next request. */
  readonly isAwake: boolean
  /** Counts up when it is to be served otherwise: replicas of an earlier one end. */
  readonly generation: number
  /** Why it was stopped; `null` where there is nothing to say. */
  readonly reason: string | null
  readonly createdAt: number
}

/** One replica: its place among those of its model, and the hive that fills it. */
export interface ReplicaRecord {
  readonly model: string
  /** From 1. */
  readonly number: number
  readonly state: ReplicaState
  readonly generation: number
  /** The hive; `null`: there is none. */
  readonly job: JobId | null
  /** How often in a row it was lost. */
  readonly losses: number
  /** Not tried again before. */
  readonly notBefore: number | null
  readonly readySince: number | null
  readonly reason: string | null
  readonly plan: ReplicaPlan | null
  /** What its engine asks of who calls it, sealed. */
  readonly sealedKey: Uint8Array | null
}
