import { cacheBytes, type Serving } from "../fit/cache-bytes.ts"
import type { FleetHost } from "../fleet/fleet.ts"
import type { ModelFacts } from "../model/model-facts.ts"
import { transferMs } from "../speed/hop.ts"
import { BANDWIDTH_SHARE, promptMsPerParameter } from "../speed/host-speed.ts"
import type { Candidate } from "../split/candidate.ts"
import type { RankedHost } from "../split/ranking.ts"
import type { MemberPlan, PlannedWay, Prediction, Rate } from "./model-plan.ts"

/** Published rates lie within a quarter of what is reckoned. */
const SPREAD = 0.25
/** Prompts depend on more that is not known here: the kernels of an engine's release, new units of the GPU. */
const PROMPT_SPREAD = 0.4
/**
 * Parts of layers over RDMA were seen to bring nothing (exo #2070) and, of a dense model on two Macs, 1.78 (omlx #2423): the range says both.
 */
const MOST_TENSOR_GAIN: Readonly<Record<number, number>> = { 2: 1.78, 3: 2, 4: 2.2 }

/** How fast a plan is expected to be; `null` where the bandwidth of a member is not known, and of models that write nothing. */
export function predict(
  model: ModelFacts,
  serving: Serving,
  candidate: Candidate,
  hosts: readonly RankedHost[],
  members: readonly MemberPlan[],
  ways: readonly PlannedWay[],
  gain: number,
): Prediction | null {
  if (model.pooling !== null || hosts.some(({ speed }) => !speed.isKnown)) return null
  const isTensor = candidate.mode === "tensor"
  const most = isTensor ? (MOST_TENSOR_GAIN[hosts.length] ?? gain) / gain : 1
  const least = isTensor ? 1 / gain : 1
  const rate = (tokenMs: number): Rate => {
    const expected = 1000 / tokenMs
    return { low: expected * (1 - SPREAD) * least, expected, high: expected * (1 + SPREAD) * most }
  }
  // One conversation reads its own slot of the cache.
  const slot = { ...serving, slots: 1 }
  const readMs = (host: RankedHost, from: number, to: number) =>
    model.layers.slice(from, to).reduce((sum, layer) => sum + cacheBytes(layer, slot) * host.msPerByte, 0)
  const cacheMs = members.map(({ layers }, at) => readMs(hosts[at] as RankedHost, layers.from, layers.to))
  const fullMs = isTensor ? Math.max(...cacheMs) / gain : cacheMs.reduce((sum, ms) => sum + ms, 0)
  return {
    generation: rate(candidate.tokenMs),
    generationAtFullContext: rate(candidate.tokenMs + fullMs),
    prompt: promptRate(model, candidate, members, ways, gain),
    basis: basisOf(model, candidate, hosts, ways),
  }
}

function promptRate(
  model: ModelFacts,
  { mode }: Candidate,
  members: readonly MemberPlan[],
  ways: readonly PlannedWay[],
  gain: number,
): Rate | null {
  const perMember: number[] = []
  for (const { host, layers } of members) {
    const perParameter = promptMsPerParameter(host, model.experts !== null)
    if (perParameter === null) return null
    const parameters = model.layers
      .slice(layers.from, layers.to)
      .reduce((sum, { activeParameters }) => sum + activeParameters, 0)
    perMember.push(parameters * perParameter)
  }
  const workMs = mode === "tensor" ? Math.max(...perMember) / gain : perMember.reduce((sum, ms) => sum + ms, 0)
  const waysMs = mode === "tensor" ? 0 : ways.reduce((sum, way) => sum + 2 * transferMs(way, model.hiddenSize), 0)
  const expected = 1000 / (workMs + waysMs)
  return { low: expected * (1 - PROMPT_SPREAD), expected, high: expected * (1 + PROMPT_SPREAD) }
}

function basisOf(
  { experts }: ModelFacts,
  { mode, hopsMs }: Candidate,
  hosts: readonly RankedHost[],
  ways: readonly PlannedWay[],
): readonly string[] {
  const rates = [...new Set(hosts.map(({ host }) => `${nameOfChip(host)} ${host.bandwidthGbPerS} GB/s`))].join(", ")
  const basis = [
    `Memory bandwidth of the chips (${rates}), of which ${BANDWIDTH_SHARE * 100} % are reached, and a time for each layer${experts === null ? "" : " with experts"}: published rates lie within a quarter of that`,
  ]
  if (mode === "tensor")
    basis.push(
      "Four published measurements of two and four M3 Ultras over RDMA; others saw no gain, and up to 1.78 times",
    )
  if (mode === "pipeline") {
    const measured = ways.some(({ isMeasured }) => isMeasured) ? ", with the measured speed of the ways" : ""
    basis.push(
      `Members work one after another, and the ways between them take ${hopsMs.toFixed(1)} ms of each token, as published for llama.cpp over TCP${measured}`,
    )
  }
  basis.push(
    "Prompts by the speed of the GPUs for 32-bit floats: a rough guess. Newer chips with matrix units are faster",
  )
  return basis
}

function nameOfChip({ chip, name }: FleetHost): string {
  return chip?.replace(/^Apple /, "") ?? name
}
