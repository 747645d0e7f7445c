import { WindfallError } from "../../protocol/errors.ts"
import type { EngineRules } from "../engines/engine-rules.ts"
import { cacheTypeProblem } from "../fit/cache-bytes.ts"
import type { ModelFacts } from "../model/model-facts.ts"
import type { Candidate } from "../split/candidate.ts"
import type { ModelLoad } from "../split/model-load.ts"
import type { Ranking } from "../split/ranking.ts"
import { adviceFor } from "./advice.ts"
import { findHive, holdersOf } from "./find-hive.ts"
import { bestAlone, hivesFor } from "./hives-for.ts"
import { layOut } from "./lay-out.ts"
import type { HivePlan, ModelPlan, PlanRequest } from "./model-plan.ts"
import type { PreparedFleet } from "./prepared-fleet.ts"
import { remediesFor } from "./remedies.ts"
import { verdictsOf } from "./verdicts.ts"

/** Up to how many hosts are compared, where fewer do. */
const COMPARED_SIZES = [2, 3, 4] as const

/**
 * Plans a model on a fleet before anything starts: does it fit, where, how fast, and what would make it fit. The same answer for the same
 * input; nothing is thrown but for a request that no fleet could meet.
 *
 * @throws {WindfallError} `invalid_input` when the context is longer than the model was trained for, or its cache cannot be kept as asked
 */
export function planModel(
  model: ModelFacts,
  fleet: PreparedFleet,
  rules: EngineRules,
  request: PlanRequest,
): ModelPlan {
  checkContext(model, request)
  checkCache(model, request)
  const ranking = fleet.ranking(rules.engine, model.experts !== null)
  const load = rules.load(model, request)
  const replicas = hivesFor(model, fleet, rules, request)
  const holders = holdersOf(load, ranking)
  const alternatives =
    // What writes nothing has no speed to compare.
    replicas.length === 0 || model.pooling !== null
      ? []
      : compared(rules, model, request, load, ranking, replicas[0] as HivePlan)
  const found = {
    model,
    request,
    engine: rules.engine,
    replicas,
    wholeOn: holders.map((at) => ranking.hosts[at]?.host.name ?? ""),
    alternatives,
  }
  return {
    ...found,
    verdicts: verdictsOf(fleet.fleet, found, load),
    advice: adviceFor(found, rules, fleet),
    // Who asks for more Macs than it takes knows why.
    remedies:
      holders.length > 0 && replicas.length >= request.replicas
        ? []
        : remediesFor(model, fleet, rules, request, replicas),
  }
}

/** The best of each other number of hosts. */
function compared(
  rules: EngineRules,
  model: ModelFacts,
  request: PlanRequest,
  load: ModelLoad,
  ranking: Ranking,
  chosen: HivePlan,
): readonly HivePlan[] {
  const candidates: (Candidate | undefined)[] = []
  if (chosen.members.length > 1) candidates.push(bestAlone(rules, load, ranking))
  for (const size of COMPARED_SIZES)
    if (size !== chosen.members.length)
      candidates.push(findHive(rules, model, load, ranking, { least: size, most: size }))
  return candidates
    .filter((candidate) => candidate !== undefined)
    .map((candidate) => layOut(rules, model, request, load, ranking, candidate))
}

function checkCache(model: ModelFacts, { kv }: PlanRequest): void {
  const problem = cacheTypeProblem(model, kv)
  if (problem === null) return
  throw new WindfallError("invalid_input", `Cannot plan ${model.name} with a cache of ${kv}: ${problem}`, {
    hint: "Leave out --kv, or ask for --kv f16",
  })
}

function checkContext({ name, contextTokens }: ModelFacts, request: PlanRequest): void {
  if (contextTokens === null || request.contextTokens <= contextTokens) return
  throw new WindfallError(
    "invalid_input",
    `Cannot plan ${name} with a context of ${request.contextTokens} tokens: it was made for ${contextTokens}`,
    { hint: `Ask for --context ${contextTokens} or less`, details: { contextTokens } },
  )
}
