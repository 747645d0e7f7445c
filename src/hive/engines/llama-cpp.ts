import { LLAMA_CPP_ARCHITECTURES } from "../gguf/architectures.ts"
import { outputReadBytes } from "../model/model-facts.ts"
import { FIRST_HOP_MS } from "../speed/hop.ts"
import { type Candidate, isBetter } from "../split/candidate.ts"
import { divideLayers } from "../split/divide-layers.ts"
import { evened } from "../split/even-layers.ts"
import { LeastTime } from "../split/least-time.ts"
import { ordersOf, visitSets } from "../split/member-sets.ts"
import type { LoadBearer, ModelLoad } from "../split/model-load.ts"
import type { RankedHost, Ranking } from "../split/ranking.ts"
import type { EngineRules } from "./engine-rules.ts"
import { layerSums } from "./layer-sums.ts"
import { llamaBatchTokens } from "./llama-batch.ts"

const MIB = 1024 ** 2
/** Of each process: Metal's own, the runtime, fragments. */
const RESERVE_BYTES = 512 * MIB
/** Of the head besides: the server, the vocabulary, what it knows of each slot. */
const HEAD_BYTES = 256 * MIB
/** Members that llama.cpp takes are 16; more than 8 were never measured, and each costs every token. */
const MOST_MEMBERS = 8
/** Up to so many members all their orders are tried; beyond, only which is the last. */
const ALL_ORDERS_UP_TO = 4
const MOST_SETS = 2_000

/**
 * llama.cpp over `ggml-rpc-server` members: each has a run of layers by an explicit `--tensor-split`, the head has the embeddings, the
 * last member the output matrix. Results go from the head to each member and back, one member after the other.
 */
export const llamaCppRules: EngineRules = {
  engine: "llama.cpp",
  format: "gguf",
  mostMembers: MOST_MEMBERS,
  reserveBytes: RESERVE_BYTES,
  refusal({ architecture }) {
    if (LLAMA_CPP_ARCHITECTURES.has(architecture)) return null
    return `llama.cpp does not run the architecture "${architecture}", as far as is known here`
  },
  splitRefusal: () => null,
  splitNeed: () => null,
  load(model, serving) {
    const { hiddenSize, feedForwardSize, vocabularySize, isTied, embeddingBytes, projector } = model
    // The head alone sees images, whoever has the layers.
    const imageBytes = projector === null ? 0 : projector.bytes + projector.computeBytes
    const batchTokens = llamaBatchTokens(model, serving.contextTokens)
    // Buffers of a batch: some eight results and two of the feed-forward, as floats; and the mask, as halves, in some releases as floats beside.
    const maskBytes = model.pooling === null ? 2 : 6
    const batchBytes = batchTokens * (4 * (8 * hiddenSize + 2 * feedForwardSize) + maskBytes * serving.contextTokens)
    // Vectors are made where there is no output to make tokens with.
    const isTokens = model.pooling === null || outputReadBytes(model) > 0
    return {
      ...layerSums(model, serving, batchTokens),
      everyBytes: RESERVE_BYTES + batchBytes,
      headBytes: HEAD_BYTES + embeddingBytes + model.otherBytes + imageBytes,
      tailBytes: outputReadBytes(model) + (isTokens ? 4 * batchTokens * vocabularySize : 0),
      // A tied matrix is mapped from the file once, where the same host has both.
      sharedBytes: isTied ? embeddingBytes : 0,
      tailReadBytes: outputReadBytes(model),
    }
  },
  bestSplit(ranking, model, load, size) {
    const leastTime = new LeastTime(load)
    const tries: Try[] = []
    visitSets(ranking, size, MOST_SETS, (set) => {
      if (!canHold(ranking, load, set)) return
      const members = [...set]
      const least = leastTime.among(members.map((at) => ranking.hosts[at] as RankedHost))
      for (const [head, at] of members.entries()) {
        const way = hopsOf(ranking, members, at, model.hiddenSize)
        for (const [last, lastAt] of members.entries()) {
          const leastMs = least.ms(head, last) + way.hopsMs
          if (leastMs < Number.POSITIVE_INFINITY) tries.push({ members, head: at, last: lastAt, ...way, leastMs })
        }
      }
    })
    // What may be the best is worked out first: then most of the others need not be.
    tries.sort((a, b) => Number(a.usesWifi) - Number(b.usesWifi) || a.leastMs - b.leastMs)
    let best: Candidate | undefined
    for (const one of tries) {
      if (!isBetter(candidateOf(one, one.members, [], one.leastMs), best)) break
      best = bestOrder(ranking, load, one, best)
    }
    return best === undefined ? undefined : evenedOut(ranking, load, best)
  },
}

/** A set of members, of which one is the head and one has the last layers; and what a token takes at least with any order of the others. */
interface Try {
  readonly members: readonly number[]
  readonly head: number
  readonly last: number
  readonly hopsMs: number
  readonly usesWifi: boolean
  readonly leastMs: number
}

function hopsOf(
  ranking: Ranking,
  members: readonly number[],
  head: number,
  hiddenSize: number,
): Pick<Try, "hopsMs" | "usesWifi"> {
  let hopsMs = FIRST_HOP_MS
  let usesWifi = false
  for (const at of members) {
    if (at === head) continue
    hopsMs += ranking.hopMs(head, at, hiddenSize)
    usesWifi ||= ranking.isWifi(head, at)
  }
  return { hopsMs, usesWifi }
}

function candidateOf(
  { head, hopsMs, usesWifi }: Try,
  members: readonly number[],
  counts: readonly number[],
  tokenMs: number,
): Candidate {
  return {
    engine: "llama.cpp",
    mode: "pipeline",
    members,
    head: members.indexOf(head),
    counts,
    tokenMs,
    hopsMs,
    usesWifi,
  }
}

/** A cheap look: whether all together have the room, whoever is the head. */
function canHold({ hosts }: Ranking, load: ModelLoad, set: readonly number[]): boolean {
  let room = 0
  for (const at of set) room += (hosts[at]?.budgetBytes ?? 0) - load.everyBytes
  return room >= (load.needUpTo[load.layerCount] ?? 0) + load.headBytes + load.tailBytes - load.sharedBytes
}

function bestOrder(ranking: Ranking, load: ModelLoad, one: Try, soFar: Candidate | undefined): Candidate | undefined {
  let best = soFar
  for (const order of ordersFor(ranking, one)) {
    const bearers: LoadBearer[] = order.map((at) => ranking.hosts[at] as RankedHost)
    const division = divideLayers(load, bearers, order.indexOf(one.head))
    if (division === undefined) continue
    const found = candidateOf(one, order, division.counts, division.tokenMs + one.hopsMs)
    if (isBetter(found, best)) best = found
  }
  return best
}

function evenedOut(ranking: Ranking, load: ModelLoad, found: Candidate): Candidate {
  const { members, head, counts, tokenMs, hopsMs } = found
  const bearers = members.map((at) => ranking.hosts[at] as RankedHost)
  const division = evened(load, bearers, head, { counts, tokenMs: tokenMs - hopsMs })
  return { ...found, counts: division.counts, tokenMs: division.tokenMs + hopsMs }
}

/** With these last layers on its last one. */
function ordersFor({ hosts }: Ranking, { members, last }: Try): readonly (readonly number[])[] {
  const others = members.filter((at) => at !== last)
  if (members.length <= ALL_ORDERS_UP_TO)
    return ordersOf(others.length).map((order) => [...order.map((at) => others[at] as number), last])
  others.sort((a, b) => (hosts[a]?.msPerByte ?? 0) - (hosts[b]?.msPerByte ?? 0) || a - b)
  return [[...others, last]]
}
