import type { ModelFacts } from "../model/model-facts.ts"
import { FIRST_HOP_MS } from "../speed/hop.ts"
import { type Candidate, isBetter } from "../split/candidate.ts"
import { ordersOf, visitSets } from "../split/member-sets.ts"
import { type ModelLoad, needOf, runMs } from "../split/model-load.ts"
import type { RankedHost, Ranking } from "../split/ranking.ts"
import type { EngineRules } from "./engine-rules.ts"
import { layerSums } from "./layer-sums.ts"
import { dropsLayers, MLX_PIPELINE, MLX_TENSOR, mlxTypeOf, runsInMlx } from "./mlx-models.ts"

const MIB = 1024 ** 2
/** Tokens of a prompt that are worked off at once (mlx_lm's `prefill_step_size`). */
const BATCH_TOKENS = 2048
/** Of each process: Python, Metal's own, the cache growing by steps of 256 tokens. */
const RESERVE_BYTES = 1024 * MIB
const MOST_MEMBERS = 8
const ALL_ORDERS_UP_TO = 4
const MOST_SETS = 2_000
/** Over how many hosts parts of layers were ever measured. */
const MOST_TENSOR_MEMBERS = 4
const TENSOR_SIZES = [2, 3, 4] as const

/**
 * How much sooner a token comes from so many hosts over RDMA than from one (Geerling's M3 Ultras: 1.32 to 1.34 of two, 1.54 to 1.64 of
 * four; of three between them).
 */
export const TENSOR_GAIN: Readonly<Record<number, number>> = { 2: 1.33, 3: 1.47, 4: 1.6 }

/**
 * mlx_lm.server, alone or as a group of ranks. pipeline: each rank has as many layers as the others, the low ranks one more where that
 * does not come out even, and every rank has embeddings and output. tensor: each has a part of every layer, over RDMA only.
 */
export const mlxRules: EngineRules = {
  engine: "mlx",
  format: "safetensors",
  mostMembers: MOST_MEMBERS,
  reserveBytes: RESERVE_BYTES,
  refusal({ architecture }) {
    return runsInMlx(architecture)
      ? null
      : `mlx-lm does not run the model type "${architecture}", as far as is known here`
  },
  splitRefusal(model) {
    const { architecture } = model
    const type = mlxTypeOf(architecture)
    if (MLX_PIPELINE.has(type)) return null
    if (!MLX_TENSOR.has(type)) return `mlx-lm runs "${architecture}" on one Mac only`
    if (TENSOR_SIZES.some((size) => isDivisible(model, size))) return null
    return `of "${architecture}" mlx-lm gives each Mac a part of every layer, and the heads or the feed-forward of this one divide by neither 2, 3 nor 4`
  },
  splitNeed({ architecture }) {
    const type = mlxTypeOf(architecture)
    if (MLX_PIPELINE.has(type) || !MLX_TENSOR.has(type)) return null
    return `As one model over several Macs MLX takes "${architecture}" only over RDMA: Thunderbolt 5 cables between them, and RDMA switched on at each`
  },
  load(model, serving) {
    const { hiddenSize, feedForwardSize, embeddingBytes, outputBytes, otherBytes, isTied } = model
    const batchBytes = BATCH_TOKENS * 2 * (8 * hiddenSize + 3 * feedForwardSize)
    return {
      ...layerSums(model, serving, 0),
      everyBytes: RESERVE_BYTES + batchBytes + embeddingBytes + outputBytes + otherBytes,
      headBytes: 0,
      tailBytes: 0,
      sharedBytes: 0,
      tailReadBytes: isTied ? embeddingBytes : outputBytes,
    }
  },
  bestSplit(ranking, model, load, size) {
    const type = mlxTypeOf(model.architecture)
    let best: Candidate | undefined
    visitSets(ranking, size, MOST_SETS, (set) => {
      if (MLX_PIPELINE.has(type)) best = bestPipeline(ranking, model, load, set, best)
      if (MLX_TENSOR.has(type)) best = bestTensor(ranking, model, load, set, best)
    })
    return best
  },
}

/** Layers of each member, in the order of the layers: rank 0 has the last ones, and low ranks get what is over. */
export function evenCounts(layers: number, size: number): readonly number[] {
  const base = Math.floor(layers / size)
  const over = layers % size
  return Array.from({ length: size }, (_, at) => base + (size - 1 - at < over ? 1 : 0))
}

function bestPipeline(
  ranking: Ranking,
  { hiddenSize }: ModelFacts,
  load: ModelLoad,
  set: readonly number[],
  soFar: Candidate | undefined,
): Candidate | undefined {
  const size = set.length
  if (size > load.layerCount) return soFar
  const isUneven = load.layerCount % size !== 0
  if (isUneven && set.some((at) => dropsLayers((ranking.hosts[at] as RankedHost).host.mlxLm))) return soFar
  const counts = evenCounts(load.layerCount, size)
  let best = soFar
  for (const order of size <= ALL_ORDERS_UP_TO ? ordersOf(size) : [[...set.keys()]]) {
    const members = order.map((at) => set[at] as number)
    let from = 0
    let hopsMs = FIRST_HOP_MS
    let tokenMs = 0
    let usesWifi = false
    let isFitting = true
    for (const [at, member] of members.entries()) {
      const host = ranking.hosts[member] as RankedHost
      const to = from + (counts[at] ?? 0)
      isFitting &&= needOf(load, from, to, false) <= host.budgetBytes
      tokenMs += runMs(load, host, from, to)
      const next = members[at + 1]
      if (next !== undefined) {
        hopsMs += ranking.hopMs(member, next, hiddenSize)
        usesWifi ||= ranking.isWifi(member, next)
      }
      from = to
    }
    if (!isFitting) continue
    // Rank 0 answers, and has the last layers.
    const head = size - 1
    const found: Candidate = {
      engine: "mlx",
      mode: "pipeline",
      members,
      head,
      counts,
      tokenMs: tokenMs + hopsMs,
      hopsMs,
      usesWifi,
    }
    if (isBetter(found, best)) best = found
  }
  return best
}

function bestTensor(
  ranking: Ranking,
  model: ModelFacts,
  load: ModelLoad,
  set: readonly number[],
  soFar: Candidate | undefined,
): Candidate | undefined {
  const size = set.length
  const gain = TENSOR_GAIN[size]
  if (gain === undefined || size > MOST_TENSOR_MEMBERS || !isDivisible(model, size)) return soFar
  const hosts = set.map((at) => ranking.hosts[at] as RankedHost)
  const isCabled = (a: number) => set.every((b) => a === b || ranking.way(a, b).kind === "thunderbolt")
  if (!hosts.every(({ host }) => host.hasRdma) || !set.every(isCabled)) return soFar
  const need = tensorNeed(model, load, size)
  if (hosts.some(({ budgetBytes }) => need > budgetBytes)) return soFar
  const alone = hosts.map((host) => runMs(load, host, 0, load.layerCount))
  // All wait for the slowest.
  const tokenMs = Math.max(...alone) / gain
  const counts = set.map(() => load.layerCount)
  const found: Candidate = {
    engine: "mlx",
    mode: "tensor",
    members: [...set],
    head: 0,
    counts,
    tokenMs,
    hopsMs: 0,
    usesWifi: false,
  }
  return isBetter(found, soFar) ? found : soFar
}

/** Bytes on each rank. A compressed cache (MLA) is whole on all of them. */
export function tensorNeed(model: ModelFacts, load: ModelLoad, size: number): number {
  const wholeBytes = isLatent(model) ? load.cacheBytes : 0
  return load.everyBytes + wholeBytes + ((load.needUpTo[load.layerCount] ?? 0) - wholeBytes) / size
}

function isLatent({ layers }: ModelFacts): boolean {
  return layers.some(({ cache }) => cache.some(({ kind }) => kind === "latent"))
}

/** mlx-lm divides heads, key-value heads and the feed-forward among the ranks. */
function isDivisible(model: ModelFacts, size: number): boolean {
  const divides = (count: number | null) => count !== null && count % size === 0
  return divides(model.heads) && (isLatent(model) || divides(model.kvHeads)) && divides(model.feedForwardSize)
}
