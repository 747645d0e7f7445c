import { formatBytes } from "../../base/bytes.ts"
import type { EngineRules } from "../engines/engine-rules.ts"
import { cacheTypeProblem } from "../fit/cache-bytes.ts"
import { budgetOf, type FleetHost, keptWithoutOwner } from "../fleet/fleet.ts"
import type { ModelFacts } from "../model/model-facts.ts"
import { oneRate } from "./advice.ts"
import { findHive } from "./find-hive.ts"
import { hivesFor } from "./hives-for.ts"
import type { HivePlan, PlanRequest } from "./model-plan.ts"
import { otherSplits } from "./other-splits.ts"
import { PreparedFleet } from "./prepared-fleet.ts"

const GIB = 1024 ** 3
/** Sizes that Macs are sold with. */
const MAC_GIB = [16, 24, 32, 36, 48, 64, 96, 128, 192, 256, 512]
/** Usual quantisations of GGUF files, with the bits a weight comes to. */
const QUANTISATIONS: readonly (readonly [string, number])[] = [
  ["Q8_0", 8.5],
  ["Q6_K", 6.6],
  ["Q5_K_M", 5.7],
  ["Q4_K_M", 4.85],
  ["Q3_K_M", 3.9],
  ["Q2_K", 3.2],
]
const MLX_QUANTISATIONS: readonly (readonly [string, number])[] = [
  ["8 bit", 8.5],
  ["6 bit", 6.5],
  ["5 bit", 5.5],
  ["4 bit", 4.5],
  ["3 bit", 3.5],
]
const LEAST_CONTEXT = 1024

/**
 * What would make a model fit; where it fits, but not as often as was asked, what would make it; and where it fits over several Macs only,
 * what would make one Mac hold it. Each is tried out by planning.
 */
export function remediesFor(
  model: ModelFacts,
  fleet: PreparedFleet,
  rules: EngineRules,
  request: PlanRequest,
  replicas: readonly HivePlan[],
): readonly string[] {
  const [hive] = replicas
  const isShort = hive !== undefined && replicas.length < request.replicas
  if (hive !== undefined && hive.members.length === 1 && !isShort) return []
  const most = hive === undefined ? (request.members ?? rules.mostMembers) : 1
  const least = hive === undefined ? (request.members ?? 1) : 1
  const hasExperts = model.experts !== null
  const fits = (facts: ModelFacts, asked: PlanRequest, on: PreparedFleet) =>
    isShort
      ? hivesFor(facts, on, rules, asked).length >= request.replicas
      : findHive(rules, facts, rules.load(facts, asked), on.ranking(rules.engine, hasExperts), { least, most }) !==
        undefined
  const goal = hive === undefined ? "" : isShort ? ` ${timesText(request.replicas)}` : " on one Mac"
  const remedies: string[] = []
  if (hive === undefined && rules.engine === "mlx") remedies.push(...otherSplits(model, fleet, request))
  if (hive?.usesWifi === true) remedies.push(...cables(model, fleet, rules, request))
  const context = largest(request.contextTokens / LEAST_CONTEXT, (thousands) =>
    fits(model, { ...request, contextTokens: thousands * LEAST_CONTEXT }, fleet),
  )
  if (context > 0) remedies.push(`Less context: it fits${goal} with --context ${context}k`)
  const slots = largest(request.slots, (count) => fits(model, { ...request, slots: count }, fleet))
  if (slots > 0) remedies.push(`Fewer slots: it fits${goal} with --slots ${slots}`)
  const isQuantisable = request.kv === "f16" && cacheTypeProblem(model, "q8_0") === null
  if (rules.engine === "llama.cpp" && isQuantisable && fits(model, { ...request, kv: "q8_0" }, fleet))
    remedies.push(`A smaller cache: it fits${goal} with --kv q8_0`)
  if (model.projector?.seesImages === true && fits({ ...model, projector: null }, request, fleet))
    remedies.push(`No images: it fits${goal} with --no-images`)
  const other = quantisation(model, rules, (facts) => fits(facts, request, fleet))
  if (other !== null) remedies.push(`Another quantisation: as ${other} it fits${goal}`)
  const missing = isShort ? request.replicas - replicas.length : 1
  const others = (gib: number) => Array.from({ length: missing }, (_, at) => anotherMac(gib, at))
  const mac = MAC_GIB.find((gib) => fits(model, request, fleet.with(others(gib))))
  if (mac !== undefined)
    remedies.push(
      `${missing === 1 ? "Another Mac: with one" : `Other Macs: with ${missing}`} more of ${mac} GB it fits${goal}`,
    )
  if (isShort) remedies.push(`Fewer replicas: it fits with --replicas ${replicas.length}`)
  if (hive === undefined && remedies.length === 0) {
    const weights = rules.load(model, request)
    remedies.push(
      `Nothing simple does: the model alone has ${formatBytes(weights.needUpTo[weights.layerCount] ?? 0)} of layers`,
    )
  }
  return remedies
}

/** How fast it would be with the same hosts on Gigabit Ethernet. */
function cables(model: ModelFacts, fleet: PreparedFleet, rules: EngineRules, request: PlanRequest): readonly string[] {
  const { hosts, links } = fleet.fleet
  const wired = new PreparedFleet({
    hosts: hosts.map((host) => (host.network.kind === "wifi" ? { ...host, network: WIRED } : host)),
    links: links.filter(({ kind }) => kind !== "wifi"),
  })
  const ranking = wired.ranking(rules.engine, model.experts !== null)
  const found = findHive(rules, model, rules.load(model, request), ranking)
  if (found === undefined || found.usesWifi) return []
  return [`Cables: over Gigabit Ethernet about ${oneRate(1000 / found.tokenMs)} tokens/s would be expected`]
}

/** "once", "twice", "3 times". */
export function timesText(count: number): string {
  return count === 1 ? "once" : count === 2 ? "twice" : `${count} times`
}

const WIRED = { kind: "ethernet", mbps: 1000 } as const

/** The largest whole number below `limit` for which it holds, where holding for more implies holding for fewer; 0: none. */
function largest(limit: number, holds: (count: number) => boolean): number {
  let low = 0
  let high = Math.ceil(limit)
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (holds(middle)) low = middle
    else high = middle
  }
  return low
}

function quantisation(model: ModelFacts, rules: EngineRules, fits: (model: ModelFacts) => boolean): string | null {
  const bytes = model.layers.reduce((sum, layer) => sum + layer.bytes, 0) + model.embeddingBytes + model.outputBytes
  const bits = (bytes * 8) / model.parameters
  for (const [name, bitsEach] of rules.engine === "mlx" ? MLX_QUANTISATIONS : QUANTISATIONS)
    if (bitsEach < bits * 0.98 && fits(scaled(model, bitsEach / bits))) return name
  return null
}

function scaled(model: ModelFacts, by: number): ModelFacts {
  return {
    ...model,
    embeddingBytes: model.embeddingBytes * by,
    outputBytes: model.outputBytes * by,
    layers: model.layers.map((layer) => ({ ...layer, bytes: layer.bytes * by, activeBytes: layer.activeBytes * by })),
  }
}

/** One that nobody sits at, on Gigabit Ethernet. */
function anotherMac(gib: number, at: number): FleetHost {
  const memoryBytes = gib * GIB
  const workingSetBytes = Math.floor(gib <= 36 ? (memoryBytes * 2) / 3 : (memoryBytes * 3) / 4)
  const keptBytes = keptWithoutOwner(memoryBytes)
  return {
    name: `\uffffanother${at}`,
    chip: null,
    memoryBytes,
    workingSetBytes,
    keptBytes,
    budgetBytes: budgetOf(memoryBytes, keptBytes, workingSetBytes),
    bandwidthGbPerS: null,
    tflops: null,
    network: WIRED,
    cables: [],
    hasRdma: false,
    mlxLm: null,
    excluded: null,
  }
}
