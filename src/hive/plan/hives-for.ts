import type { EngineRules } from "../engines/engine-rules.ts"
import type { ModelFacts } from "../model/model-facts.ts"
import type { Candidate } from "../split/candidate.ts"
import type { ModelLoad } from "../split/model-load.ts"
import type { Ranking } from "../split/ranking.ts"
import { alone, findHive, holdersOf } from "./find-hive.ts"
import { layOut } from "./lay-out.ts"
import type { HivePlan, PlanRequest } from "./model-plan.ts"
import type { PreparedFleet } from "./prepared-fleet.ts"

/** The plan alone, without comparison and advice: what many models are planned with. */
export function hivesFor(
  model: ModelFacts,
  fleet: PreparedFleet,
  rules: EngineRules,
  request: PlanRequest,
): readonly HivePlan[] {
  const hives: HivePlan[] = []
  let left = fleet
  while (hives.length < request.replicas) {
    const ranking = left.ranking(rules.engine, model.experts !== null)
    const load = rules.load(model, request)
    const { members } = request
    const sizes = { least: members ?? 1, most: members ?? rules.mostMembers }
    const candidate = members === 1 ? bestAlone(rules, load, ranking) : findHive(rules, model, load, ranking, sizes)
    if (candidate === undefined) break
    const hive = layOut(rules, model, request, load, ranking, candidate)
    hives.push(hive)
    if (hives.length < request.replicas) left = left.without(new Set(hive.members.map(({ host }) => host.name)))
  }
  return hives
}

/** On the one host that is best for it. */
export function bestAlone(rules: EngineRules, load: ModelLoad, ranking: Ranking): Candidate | undefined {
  const [best] = holdersOf(load, ranking)
  return best === undefined ? undefined : alone(rules, load, ranking, best)
}
