import type { FleetHost } from "../fleet/fleet.ts"

export type EngineName = "llama.cpp" | "mlx"

/** What a token costs on one host. */
export interface HostSpeed {
  /** For each byte of weights that is read. */
  readonly msPerByte: number
  /** For each layer, whatever its size: starting kernels, choosing experts. */
  readonly msPerLayer: number
  /** False: stands in for what is not known. Good enough to divide layers by, and for no prediction. */
  readonly isKnown: boolean
}

/** Of the chip's memory bandwidth, what reading weights comes to. */
export const BANDWIDTH_SHARE = 0.85
/**
 * Milliseconds a layer of a dense model, by generation of the chip. With {@link BANDWIDTH_SHARE} these bring all published rates that
 * reference rows have (llama.cpp discussion 4167, mlx-lm's BENCHMARKS.md, Geerling's M3 Ultras) within a quarter:
 * test/fixtures/hive/published-rates.json.
 */
const LAYER_MS: Readonly<Record<string, number>> = { M1: 0.2, M2: 0.13, M3: 0.085 }
const LATER_LAYER_MS = 0.05
const UNKNOWN_LAYER_MS = 0.1
/** A layer of experts starts more and smaller kernels. */
const EXPERTS_FACTOR: Readonly<Record<EngineName, number>> = { "llama.cpp": 4, mlx: 2 }
/** What is reckoned of a host whose bandwidth nobody knows: less than any Mac has. */
const UNKNOWN_GB_PER_S = 40

export function hostSpeed({ chip, bandwidthGbPerS }: FleetHost, engine: EngineName, hasExperts: boolean): HostSpeed {
  const generation = /\bM\d+\b/.exec(chip ?? "")?.[0]
  const layerMs = generation === undefined ? UNKNOWN_LAYER_MS : (LAYER_MS[generation] ?? LATER_LAYER_MS)
  return {
    msPerByte: 1 / ((bandwidthGbPerS ?? UNKNOWN_GB_PER_S) * BANDWIDTH_SHARE * 1e6),
    msPerLayer: layerMs * (hasExperts ? EXPERTS_FACTOR[engine] : 1),
    isKnown: bandwidthGbPerS !== null,
  }
}

/** Of the GPU's FP32 speed, what working off a prompt comes to. Experts leave the GPU waiting more. */
const PROMPT_SHARE = 0.6
const PROMPT_SHARE_OF_EXPERTS = 0.35

/** Milliseconds for each parameter and token of a prompt: a multiplication and an addition. `null`: the GPU's speed is not known. */
export function promptMsPerParameter({ tflops }: FleetHost, hasExperts: boolean): number | null {
  if (tflops === null) return null
  return 2 / (tflops * (hasExperts ? PROMPT_SHARE_OF_EXPERTS : PROMPT_SHARE) * 1e9)
}
