import type { EngineRules } from "../engines/engine-rules.ts"
import { TENSOR_GAIN, tensorNeed } from "../engines/mlx.ts"
import { cacheBytes } from "../fit/cache-bytes.ts"
import { type ModelFacts, outputReadBytes } from "../model/model-facts.ts"
import type { Candidate } from "../split/candidate.ts"
import { type ModelLoad, needOf, runMs } from "../split/model-load.ts"
import type { RankedHost, Ranking } from "../split/ranking.ts"
import type { HivePlan, MemberPlan, PlannedWay, PlanRequest } from "./model-plan.ts"
import { predict } from "./predict.ts"

/** What mlx-lm warns of, too. */
const TIGHT_SHARE = 0.9

/** A candidate in full: who has which layers and bytes, what lies between, how fast. */
export function layOut(
  rules: EngineRules,
  model: ModelFacts,
  request: PlanRequest,
  load: ModelLoad,
  ranking: Ranking,
  candidate: Candidate,
): HivePlan {
  const hosts = candidate.members.map((at) => ranking.hosts[at] as RankedHost)
  const gain = candidate.mode === "tensor" ? (TENSOR_GAIN[hosts.length] ?? 1) : 1
  let from = 0
  const members = hosts.map((host, at): MemberPlan => {
    const to = candidate.mode === "tensor" ? load.layerCount : from + (candidate.counts[at] ?? 0)
    const member = memberPlan(rules, model, request, load, host, { from, to }, at === candidate.head, candidate, gain)
    if (candidate.mode !== "tensor") from = to
    return member
  })
  const ways = waysOf(ranking, model, candidate)
  const tensorSplit =
    rules.engine === "llama.cpp" && hosts.length > 1
      ? candidate.counts.map((count, at) => (at === hosts.length - 1 ? count + 1 : count))
      : null
  return {
    engine: rules.engine,
    mode: candidate.mode,
    members,
    ways,
    usesWifi: candidate.usesWifi,
    hopsMs: candidate.hopsMs,
    tokenMs: candidate.tokenMs,
    prediction: predict(model, request, candidate, hosts, members, ways, gain),
    tensorSplit,
  }
}

function memberPlan(
  rules: EngineRules,
  model: ModelFacts,
  request: PlanRequest,
  load: ModelLoad,
  host: RankedHost,
  layers: { readonly from: number; readonly to: number },
  isHead: boolean,
  { mode, members }: Candidate,
  gain: number,
): MemberPlan {
  const { from, to } = layers
  const share = mode === "tensor" ? members.length : 1
  const isOnAll = rules.engine === "mlx"
  const isLast = to === load.layerCount
  const own = model.layers.slice(from, to)
  const outside = model.embeddingBytes + model.outputBytes + model.otherBytes
  const tied = model.isTied && isLast && !isHead ? outputReadBytes(model) : 0
  const headWeights = isHead ? model.embeddingBytes + model.otherBytes + (model.projector?.bytes ?? 0) : 0
  const extra = isOnAll ? outside : headWeights + (isLast ? model.outputBytes : 0) + tied
  const weightBytes = own.reduce((sum, { bytes }) => sum + bytes, 0) / share + extra
  const needBytes = mode === "tensor" ? tensorNeed(model, load, members.length) : needOf(load, from, to, isHead)
  const slotted = own.reduce((sum, layer) => sum + cacheBytes(layer, request), 0)
  const isWhole = own.some(({ cache }) => cache.some(({ kind }) => kind === "latent"))
  const kept = mode === "tensor" && !isWhole ? slotted / share : slotted
  return {
    host: host.host,
    isHead,
    layers,
    hasEmbeddings: isOnAll || isHead,
    // What only makes embeddings has none.
    hasOutput: (isOnAll || isLast) && (model.pooling === null || outputReadBytes(model) > 0),
    weightBytes,
    cacheBytes: kept,
    computeBytes: needBytes - weightBytes - kept - rules.reserveBytes,
    reserveBytes: rules.reserveBytes,
    needBytes,
    isTight: host.host.workingSetBytes !== null && needBytes > host.host.workingSetBytes * TIGHT_SHARE,
    tokenMs: runMs(load, host, from, to) / gain,
  }
}

function waysOf(ranking: Ranking, { hiddenSize }: ModelFacts, candidate: Candidate): readonly PlannedWay[] {
  const { members, engine, mode } = candidate
  const head = members[candidate.head] as number
  const name = (at: number) => (ranking.hosts[at] as RankedHost).host.name
  const planned = (from: number, to: number): PlannedWay => ({
    ...ranking.way(from, to),
    from: name(from),
    to: name(to),
    hopMs: mode === "tensor" ? 0 : ranking.hopMs(from, to, hiddenSize),
  })
  if (engine === "llama.cpp") return members.filter((at) => at !== head).map((at) => planned(head, at))
  if (mode === "tensor") return members.flatMap((a, at) => members.slice(at + 1).map((b) => planned(a, b)))
  return members.slice(1).map((to, at) => planned(members[at] as number, to))
}
