import type { EngineRules } from "../engines/engine-rules.ts"
import type { ModelFacts } from "../model/model-facts.ts"
import { type Candidate, isAsGood, isBetter } from "../split/candidate.ts"
import { type ModelLoad, needOf, runMs } from "../split/model-load.ts"
import { type RankedHost, type Ranking, restricted } from "../split/ranking.ts"

/**
 * The best way to serve a model: on as few hosts as hold it, never over Wi-Fi where it can be helped, then with the least time for a
 * token; of those that are as good on the smallest Macs.
 *
 * @param sizes from how many hosts on, up to how many
 */
export function findHive(
  rules: EngineRules,
  model: ModelFacts,
  load: ModelLoad,
  ranking: Ranking,
  sizes: { readonly least: number; readonly most: number } = { least: 1, most: rules.mostMembers },
): Candidate | undefined {
  let overWifi: Candidate | undefined
  if (sizes.least === 1) {
    const alone = bestAlone(rules, load, ranking)
    if (alone !== undefined) return alone
  }
  if (rules.splitRefusal(model) !== null) return undefined
  const most = Math.min(sizes.most, rules.mostMembers, ranking.hosts.length, load.layerCount)
  for (let size = Math.max(2, sizes.least); size <= most; size++) {
    if (!mayFit(load, ranking, size)) continue
    const best = rules.bestSplit(ranking, model, load, size)
    if (best !== undefined && !best.usesWifi) return onSmaller(rules, model, load, ranking, best)
    overWifi ??= best
  }
  return overWifi === undefined ? undefined : onSmaller(rules, model, load, ranking, overWifi)
}

/** The same on smaller Macs, where these are as fast: larger ones are left to others. */
function onSmaller(
  rules: EngineRules,
  model: ModelFacts,
  load: ModelLoad,
  ranking: Ranking,
  found: Candidate,
): Candidate {
  let best = found
  const largestFirst = [...found.members].sort((a, b) => a - b)
  for (const member of largestFirst) {
    const own = ranking.hosts[member] as RankedHost
    // From the smallest up.
    for (const other of [...ranking.kept].reverse()) {
      const host = ranking.hosts[other] as RankedHost
      if (host.budgetBytes >= own.budgetBytes) break
      if (best.members.includes(other) || host.msPerByte !== own.msPerByte || host.msPerLayer !== own.msPerLayer)
        continue
      const members = best.members.map((at) => (at === member ? other : at))
      const again = rules.bestSplit(restricted(ranking, members), model, load, members.length)
      if (again === undefined || again.usesWifi !== best.usesWifi || again.tokenMs > best.tokenMs * (1 + 1e-9)) continue
      best = { ...again, members: again.members.map((place) => members[place] as number) }
      break
    }
  }
  return best
}

/** All hosts that hold the model alone, the fastest first, of those the smallest. */
export function holdersOf(load: ModelLoad, { hosts }: Ranking): readonly number[] {
  const need = needOf(load, 0, load.layerCount, true)
  const costs = hosts.map((host) => runMs(load, host, 0, load.layerCount))
  return [...hosts.keys()]
    .filter((at) => need <= (hosts[at] as RankedHost).budgetBytes)
    .sort(
      (a, b) =>
        (costs[a] ?? 0) - (costs[b] ?? 0) || (hosts[a]?.budgetBytes ?? 0) - (hosts[b]?.budgetBytes ?? 0) || a - b,
    )
}

export function alone(rules: EngineRules, load: ModelLoad, { hosts }: Ranking, at: number): Candidate {
  return {
    engine: rules.engine,
    mode: "single",
    members: [at],
    head: 0,
    counts: [load.layerCount],
    tokenMs: runMs(load, hosts[at] as RankedHost, 0, load.layerCount),
    hopsMs: 0,
    usesWifi: false,
  }
}

function bestAlone(rules: EngineRules, load: ModelLoad, ranking: Ranking): Candidate | undefined {
  const need = needOf(load, 0, load.layerCount, true)
  let best: { readonly candidate: Candidate; readonly budgetBytes: number } | undefined
  for (const [at, { budgetBytes }] of ranking.hosts.entries()) {
    // In the order of the ranking, the largest first.
    if (need > budgetBytes) break
    const candidate = alone(rules, load, ranking, at)
    const isSmaller = best !== undefined && isAsGood(candidate, best.candidate) && budgetBytes < best.budgetBytes
    if (isSmaller || isBetter(candidate, best?.candidate)) best = { candidate, budgetBytes }
  }
  return best?.candidate
}

/** Whether so many of the largest hosts could hold it, were layers as fine as sand. */
function mayFit(load: ModelLoad, { hosts }: Ranking, size: number): boolean {
  let room = 0
  for (let at = 0; at < size; at++) room += Math.max(0, (hosts[at]?.budgetBytes ?? 0) - load.everyBytes)
  const whole = (load.needUpTo[load.layerCount] ?? 0) + load.headBytes + load.tailBytes - load.sharedBytes
  // Of a compressed cache each rank may have all: then this lets through a few that do not fit.
  return room >= whole
}
