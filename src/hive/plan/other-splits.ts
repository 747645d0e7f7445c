import type { EngineRules } from "../engines/engine-rules.ts"
import { llamaCppRules } from "../engines/llama-cpp.ts"
import { mlxRules } from "../engines/mlx.ts"
import { KEEPS_LAYERS_SINCE, mlxTypeOf } from "../engines/mlx-models.ts"
import type { FleetHost } from "../fleet/fleet.ts"
import { LLAMA_CPP_ARCHITECTURES } from "../gguf/architectures.ts"
import type { ModelFacts } from "../model/model-facts.ts"
import type { Candidate } from "../split/candidate.ts"
import { findHive } from "./find-hive.ts"
import type { PlanRequest } from "./model-plan.ts"
import { PreparedFleet } from "./prepared-fleet.ts"

/** What would let MLX, or the same weights in another engine, use the Macs that are there already. Each is tried out by planning. */
export function otherSplits(model: ModelFacts, fleet: PreparedFleet, request: PlanRequest): readonly string[] {
  return [...overRdma(model, fleet, request), ...asGguf(model, fleet, request)]
}

/** Whether it would fit if all Macs had a release of mlx-lm that divides layers unevenly, too. */
export function fitsWithNewerMlx(model: ModelFacts, { fleet }: PreparedFleet, request: PlanRequest): boolean {
  const hosts = fleet.hosts.map((host) => ({ ...host, mlxLm: KEEPS_LAYERS_SINCE }))
  return found(mlxRules, model, new PreparedFleet({ ...fleet, hosts }), request) !== undefined
}

/** More than these no parts of layers are planned over; as each has as much, the largest ones are those that do. */
const MOST_CABLED = 4

function overRdma(model: ModelFacts, { fleet }: PreparedFleet, request: PlanRequest): readonly string[] {
  const able = fleet.hosts
    .filter((host) => host.excluded === null && mayHaveRdma(host))
    .sort((a, b) => b.budgetBytes - a.budgetBytes)
    .slice(0, MOST_CABLED)
  const names = able.map(({ name }) => name)
  const hosts = able.map((host) => ({ ...host, hasRdma: true, cables: names.filter((name) => name !== host.name) }))
  const cabled = new PreparedFleet({ ...fleet, hosts, links: [] })
  const hive = found(mlxRules, model, cabled, request)
  if (hive === undefined || hive.mode !== "tensor") return []
  const { hosts: ranked } = cabled.ranking(mlxRules.engine, model.experts !== null)
  const members = hive.members.map((at) => ranked[at]?.host.name ?? "")
  const between = members.length === 2 ? "a Thunderbolt 5 cable between" : "Thunderbolt 5 cables between each two of"
  return [`RDMA: with ${between} ${listed(members)}, and RDMA switched on at each, it fits`]
}

/** Thunderbolt 5 is in M4 Pro and Max, M3 Ultra, and what is above or after them (Apple's technical specifications). */
function mayHaveRdma({ chip, hasRdma }: FleetHost): boolean {
  if (hasRdma) return true
  const [, generation = "0", tier] = /\bM(\d+)(?: (Pro|Max|Ultra))?$/.exec(chip ?? "") ?? []
  return tier !== undefined && Number(generation) >= (tier === "Ultra" ? 3 : 4)
}

function asGguf(model: ModelFacts, fleet: PreparedFleet, request: PlanRequest): readonly string[] {
  const architecture = ggufNameOf(model.architecture)
  if (architecture === undefined) return []
  const hive = found(llamaCppRules, { ...model, format: "gguf", architecture }, fleet, request)
  if (hive === undefined) return []
  const where = hive.members.length === 1 ? "on one Mac" : `over ${hive.members.length} Macs`
  return [`Another engine: as GGUF of the same size, with llama.cpp, it fits ${where}`]
}

/** What llama.cpp calls a model type of transformers, where both say the same. */
function ggufNameOf(type: string): string | undefined {
  const plain = (name: string) => name.toLowerCase().replaceAll(/[_-]/g, "")
  const wanted = new Set([plain(type), plain(mlxTypeOf(type))])
  return [...LLAMA_CPP_ARCHITECTURES].find((name) => wanted.has(plain(name)))
}

function found(
  rules: EngineRules,
  model: ModelFacts,
  fleet: PreparedFleet,
  request: PlanRequest,
): Candidate | undefined {
  const sizes = { least: request.members ?? 1, most: request.members ?? rules.mostMembers }
  return findHive(rules, model, rules.load(model, request), fleet.ranking(rules.engine, model.experts !== null), sizes)
}

function listed(names: readonly string[]): string {
  return `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`
}
