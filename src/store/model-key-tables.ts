/** Keys for models, and what was used with them, as they lie in the database. */
export interface ModelKeyTables {
  readonly model_keys: {
    readonly id: string
    readonly user: string
    readonly name: string
    /** Of the whole key, in hex. The key itself is nowhere. */
    readonly sha256: string
    /** `null`: all models. */
    readonly models_json: string | null
    readonly limit_tokens: number | null
    readonly limit_per: string | null
    readonly created_at: number
    readonly expires_at: number | null
  }
  /** Of removed keys, too, as long as there is something that was used with them. */
  readonly model_key_names: {
    readonly id: string
    readonly name: string
  }
  readonly model_usage: {
    readonly hour_ms: number
    readonly user: string
    readonly key: string
    readonly model: string
    readonly requests: number
    readonly prompt_tokens: number
    readonly cached_tokens: number
    readonly completion_tokens: number
    readonly cut_requests: number
    readonly guessed_tokens: number
  }
}
