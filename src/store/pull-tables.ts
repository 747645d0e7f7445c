/** Models that are fetched from a hub, as they lie in the database. */
export interface PullTables {
  readonly pulls: {
    readonly id: string
    readonly user: string
    readonly name: string
    readonly shared: number | null
    readonly hub: string
    readonly secret: string | null
    readonly revision: string
    readonly model_json: string
    readonly state: string
    readonly reason: string | null
    readonly version: number | null
    readonly created_at: number
    readonly ended_at: number | null
  }
  readonly pull_chunks: {
    readonly user: string
    readonly content: string
    readonly position: number
    readonly blob: string
    readonly at: number
  }
  readonly known_contents: {
    readonly user: string
    readonly content: string
    readonly bytes: number
    readonly blob: string
  }
}
