import type { Serving } from "../fit/cache-bytes.ts"
import type { FleetHost } from "../fleet/fleet.ts"
import type { Way } from "../fleet/way.ts"
import type { ModelFacts } from "../model/model-facts.ts"
import type { EngineName } from "../speed/host-speed.ts"
import type { Candidate } from "../split/candidate.ts"

export interface PlanRequest extends Serving {
  /** Copies of the model, each on hosts of its own. */
  readonly replicas: number
  /** Over exactly so many hosts each; `null`: as few as it takes. */
  readonly members: number | null
}

/** What one member holds. The parts add up to `needBytes`. */
export interface MemberBytes {
  readonly weightBytes: number
  readonly cacheBytes: number
  readonly computeBytes: number
  readonly reserveBytes: number
  readonly needBytes: number
}

export interface MemberPlan extends MemberBytes {
  readonly host: FleetHost
  readonly isHead: boolean
  /** From 0 on; `to` is not among them. In tensor mode all layers, in part. */
  readonly layers: { readonly from: number; readonly to: number }
  readonly hasEmbeddings: boolean
  readonly hasOutput: boolean
  /** Over nine tenths of what Metal allows: it may be slow then (mlx-lm warns there, too). */
  readonly isTight: boolean
  /** Of each token. */
  readonly tokenMs: number
}

/** A way that results take. */
export interface PlannedWay extends Way {
  readonly from: string
  readonly to: string
  /** Of each token. */
  readonly hopMs: number
}

/** Tokens a second. */
export interface Rate {
  readonly low: number
  readonly expected: number
  readonly high: number
}

export interface Prediction {
  /** At the start of a conversation. */
  readonly generation: Rate
  /** With the whole context in use. */
  readonly generationAtFullContext: Rate
  /** `null` where the speed of a GPU is not known. */
  readonly prompt: Rate | null
  /** What it rests on, in sentences. */
  readonly basis: readonly string[]
}

export interface HivePlan {
  readonly engine: EngineName
  readonly mode: Candidate["mode"]
  readonly members: readonly MemberPlan[]
  readonly ways: readonly PlannedWay[]
  readonly usesWifi: boolean
  /** What the ways between members take of each token. */
  readonly hopsMs: number
  /** What a token takes in all, reckoned also where nothing is predicted. */
  readonly tokenMs: number
  /** `null` where the bandwidth of a member is not known, and of models that write nothing. */
  readonly prediction: Prediction | null
  /** Layers of each member for the engine's own option, the output counted as one more of the last; `null` where there is nothing to say. */
  readonly tensorSplit: readonly number[] | null
}

/** Why a host is not in the plan. */
export interface HostVerdict {
  readonly host: string
  readonly code: "used" | "excluded" | "too_small" | "not_needed" | "alone_possible"
  readonly text: string
}

export interface ModelPlan {
  readonly model: ModelFacts
  readonly request: PlanRequest
  readonly engine: EngineName
  /** One for each replica; fewer than asked for where there is no more room. Empty: it does not fit. */
  readonly replicas: readonly HivePlan[]
  /** Hosts that could hold the model alone. */
  readonly wholeOn: readonly string[]
  /** What else is possible and how fast, for comparison. */
  readonly alternatives: readonly HivePlan[]
  readonly verdicts: readonly HostVerdict[]
  /** What should be known, in sentences; the most important first. */
  readonly advice: readonly string[]
  /** What would make it fit, in sentences. */
  readonly remedies: readonly string[]
}
