/** Models that are served, as they lie in the database. */
export interface ModelTables {
  readonly models: {
    readonly name: string
    readonly user: string
    readonly data: string
    readonly version: number
    readonly file: string | null
    readonly options_json: string
    readonly wanted: string
    readonly awake: number
    readonly generation: number
    readonly reason: string | null
    readonly created_at: number
  }
  readonly model_replicas: {
    readonly model: string
    readonly number: number
    readonly state: string
    readonly generation: number
    readonly job: number | null
    readonly losses: number
    readonly not_before: number | null
    readonly ready_since: number | null
    readonly reason: string | null
    readonly plan_json: string | null
    /** Encrypted with the key that lies outside the data folder. */
    readonly sealed_key: Uint8Array | null
  }
}
