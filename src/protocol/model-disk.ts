/** GET /v1/model-disk: what models of hubs take on the server's disk. */
export interface ModelDisk {
  readonly heldBytes: number
  /** What they may take; `null`: what the disk has. */
  readonly budgetBytes: number | null
  readonly models: readonly HeldModel[]
}

/** Data that came from a hub, and could come from there again. */
export interface HeldModel {
  readonly name: string
  readonly user: string
  /** As `model pull` takes it. */
  readonly repository: string
  readonly bytes: number
  readonly usedAt: number
  /** Why it would not go now; `null`: it may. */
  readonly stays: string | null
}
