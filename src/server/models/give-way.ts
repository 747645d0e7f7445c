import { formatAbout } from "../../base/duration.ts"
import type { ModelRecord, ReplicaRecord } from "../../store/model-record.ts"
import type { Core } from "../core.ts"
import type { LiveReplica } from "./live-replica.ts"
import type { ModelLimits } from "./model-limits.ts"
import { isWantedNow } from "./model-state.ts"
import type { ModelUse } from "./model-use.ts"
import { setModel } from "./take-step.ts"

export interface GiveWayGround {
  readonly core: Core
  readonly limits: ModelLimits
  readonly use: ModelUse
  readonly liveOf: (replica: Pick<ReplicaRecord, "model" | "number">) => LiveReplica
}

/**
 * Whether somebody waits for this replica's model just now: a request, or who had it served. One of several replicas does not drive others
 * away, nor does one that was lost and that nobody asks for.
 */
export function isMissed({ core, limits, use }: GiveWayGround, record: ReplicaRecord): boolean {
  const wantedAt = use.wantedAt(record.model)
  const isAsked = wantedAt !== null && core.clock.now() - wantedAt <= limits.wantedMs
  if (!isAsked && !use.isExpected(record.model)) return false
  return core.store.models.replicas(record.model).every(({ job }) => job === null)
}

/**
 * Models that would give way: they answer, are not meant to stay (`--idle-stop never`), and nobody has used them for a while. Those that
 * were not used for longest come first.
 */
export function yielding(ground: GiveWayGround, to: string): readonly string[] {
  const names = ground.core.store.models.list().map(({ name }) => name)
  return names
    .flatMap((name) => {
      const since = name === to ? null : yieldsSince(ground, name)
      return since === null ? [] : [{ name, since }]
    })
    .toSorted((a, b) => a.since - b.since)
    .map(({ name }) => name)
}

/**
 * Which of them have to: one alone where that is enough, the longest unused; else as many as it takes.
 * @param placeWithout the hosts of the place there would be without the hives of these; `null`: none
 * @param hostsOf the hosts that a model has
 */
export function whoGivesWay(
  candidates: readonly string[],
  placeWithout: (names: ReadonlySet<string>) => ReadonlySet<string> | null,
  hostsOf: (name: string) => ReadonlySet<string>,
): readonly string[] {
  for (const name of candidates) if (placeWithout(new Set([name])) !== null) return [name]
  for (let count = 2; count <= candidates.length; count++) {
    const names = candidates.slice(0, count)
    const place = placeWithout(new Set(names))
    if (place !== null) return names.filter((name) => !hostsOf(name).isDisjointFrom(place))
  }
  return []
}

/** They stop, as after their idle stop, and say for whom. Nothing is changed where one of them is used again by now, or nobody waits any more. @returns whether they do */
export async function giveWay(
  ground: GiveWayGround,
  names: readonly string[],
  record: ReplicaRecord,
): Promise<boolean> {
  const { core } = ground
  return core.ledger.change(() => {
    const model = core.store.models.get(record.model)
    if (model === undefined || !isWantedNow(model, record) || !isMissed(ground, record)) return false
    const givers = names.flatMap((name): readonly { readonly giver: ModelRecord; readonly since: number }[] => {
      const giver = core.store.models.get(name)
      const since = yieldsSince(ground, name)
      return giver === undefined || since === null ? [] : [{ giver, since }]
    })
    if (givers.length < names.length) return false
    for (const { giver, since } of givers) {
      const unused = formatAbout(core.clock.now() - since)
      const reason = `it gave way to ${model.name}, as nobody had used it for ${unused}; it starts with the next request`
      setModel({ core, model: giver }, { isAwake: false, reason }, `stops: ${reason}`)
    }
    return true
  })
}

function yieldsSince({ core, limits, use, liveOf }: GiveWayGround, name: string): number | null {
  const model = core.store.models.get(name)
  if (model?.wanted !== "serving" || !model.isAwake || model.options.idleStopMs === null) return null
  const since = use.unusedSince(name, core.store.models.replicas(name).map(liveOf))
  return since !== null && core.clock.now() - since >= limits.giveWayMs ? since : null
}
