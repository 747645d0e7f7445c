import type { Serving } from "../fit/cache-bytes.ts"
import type { ModelFacts } from "../model/model-facts.ts"
import type { EngineName } from "../speed/host-speed.ts"
import type { Candidate } from "../split/candidate.ts"
import type { ModelLoad } from "../split/model-load.ts"
import type { Ranking } from "../split/ranking.ts"

/** How an engine lays a model out: what planning needs to know of it. A third engine is one more file like those beside this one. */
export interface EngineRules {
  readonly engine: EngineName
  readonly format: ModelFacts["format"]
  /** How many hosts it may run over. */
  readonly mostMembers: number
  /** Why it does not run this model at all, in words; `null` when it does. */
  refusal(model: ModelFacts): string | null
  /** Why it does not run it over several hosts, in words; `null` when it does. */
  splitRefusal(model: ModelFacts): string | null
  /** What a split of this model takes beside memory, in a sentence; `null` where any network does. */
  splitNeed(model: ModelFacts): string | null
  load(model: ModelFacts, serving: Serving): ModelLoad
  /** The best way over exactly so many hosts, from 2 on; `undefined` when there is none. */
  bestSplit(ranking: Ranking, model: ModelFacts, load: ModelLoad, size: number): Candidate | undefined
  /** Bytes that one member has of what is the same on each: the parts that {@link MemberBytes} tells apart. */
  readonly reserveBytes: number
}
