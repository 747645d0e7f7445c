import type { HostId } from "../../../src/protocol/ids.ts"
import type { Resources } from "../../../src/protocol/resources.ts"

export const MINUTE_MS = 60_000
export const HOUR_MS = 60 * MINUTE_MS
export const DAY_MS = 24 * HOUR_MS
export const GIB = 1024 ** 3

export interface Span {
  readonly fromMs: number
  readonly toMs: number
}

/** A Mac of a simulated lab, with all that will happen at it. */
export interface LabHost {
  readonly id: HostId
  readonly owner: string | null
  readonly total: Resources
  readonly gpuMemoryBytes: number
  /** When its owner sits at it, in order. */
  readonly here: readonly Span[]
  /** When it is elsewhere. Its owner has been there just before. */
  readonly gone: readonly Span[]
}

export interface LabPerson {
  readonly user: string
  readonly account: string
  /** How much work comes from this person, beside that of others. */
  readonly weight: number
}

export interface LabAccount {
  readonly name: string
  readonly shares: number
}

export interface Lab {
  readonly hosts: readonly LabHost[]
  readonly people: readonly LabPerson[]
  readonly accounts: readonly LabAccount[]
  readonly timeZone: string
}

export const KINDS = ["interactive", "training", "sweep", "cpu"] as const
export type WorkKind = (typeof KINDS)[number]

/** A job of generated work: what its sender says of it, and what only the simulation knows. */
export interface LabJob {
  readonly id: number
  readonly kind: WorkKind
  readonly user: string
  readonly account: string
  readonly submittedMs: number
  readonly memoryBytes: number
  /** `null`: a GPU where there is one. */
  readonly gpus: number | null
  readonly cores: number
  readonly limitMs: number | null
  /** How long each task works where nothing disturbs it; one of them: no array. */
  readonly workMs: readonly number[]
  /** How often it keeps what it has; `null`: never. */
  readonly checkpointMs: number | null
}
