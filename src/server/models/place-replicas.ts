import { servedThereText } from "../../hive/fleet/served-hosts.ts"
import type { JobId } from "../../protocol/ids.ts"
import type { ModelRecord, ReplicaRecord } from "../../store/model-record.ts"
import type { Core } from "../core.ts"
import { askEngines } from "./ask-engines.ts"
import { beginHive, ENGINES_KNOWN_MS, placeEver, placeNow, placeSoon, storedModelOf } from "./begin-hive.ts"
import { type GiveWayGround, giveWay, isMissed, whoGivesWay, yielding } from "./give-way.ts"
import { isSamePlan } from "./hive-plan.ts"
import type { LiveReplica } from "./live-replica.ts"
import type { ModelLimits } from "./model-limits.ts"
import { isWantedNow } from "./model-state.ts"
import type { ModelUse } from "./model-use.ts"
import type { StoredModel } from "./stored-model.ts"
import { store } from "./take-step.ts"

export interface PlaceOptions {
  readonly core: Core
  readonly limits: ModelLimits
  readonly memberFile: () => Promise<string>
  /** The index that hosts get an engine's packages from; `null`: the one their account names. */
  readonly packageIndex: string | null
  readonly use: ModelUse
  readonly liveOf: GiveWayGround["liveOf"]
  /** Called when something was planned. */
  readonly look: () => void
}

/** Finds places for replicas, one after the other: each sees what those before it took. */
export class ReplicaPlaces {
  readonly #options: PlaceOptions
  readonly #facts = new Map<string, Promise<StoredModel>>()
  #planning: Promise<unknown> = Promise.resolve()

  constructor(options: PlaceOptions) {
    this.#options = options
  }

  /** The model's headers; kept, as a version of data does not change. @throws {WindfallError} as storedModelOf */
  async facts(of: Pick<ModelRecord, "data" | "version" | "file">): Promise<StoredModel> {
    const key = JSON.stringify([of.data, of.version, of.file])
    const known = this.#facts.get(key)
    if (known !== undefined) return known
    const read = (async () => storedModelOf(this.#options.core, of))()
    this.#facts.set(key, read)
    read.catch(() => this.#facts.delete(key))
    return read
  }

  /** Plans a replica and sends its hive; where there is no place for it, that is noted, and looked at again later. */
  begin(model: ModelRecord, record: ReplicaRecord, live: LiveReplica): void {
    const { core, limits, memberFile, packageIndex } = this.#options
    if (live.isBeginning || (live.planAgainAt !== null && live.planAgainAt > core.clock.now())) return
    live.isBeginning = true
    this.#inTurn(async () => {
      let problem: string | null
      let givers: readonly string[] = []
      let isHopeless = false
      try {
        const stored = await this.facts(model)
        // Somebody wants it tried anew: where nothing else could run it that is on the hosts that were left out.
        if (live.isTriedAnew && !this.#couldEver(model, live, stored)) live.forgiveHosts()
        live.isTriedAnew = false
        const avoid = this.#avoided(record, live)
        const doubts = this.#doubts(model, live)
        const { number } = record
        problem = await beginHive({ core, model, number, avoid, ...doubts, memberFile, packageIndex, stored })
        if (problem !== null) problem = await this.#insteadOf(model, record, live, stored, problem)
        if (problem !== null) givers = await this.#makeRoom(model, record, live, stored)
        isHopeless =
          problem !== null && live.isBoundSomewhere(model.generation) && !this.#couldEver(model, live, stored)
      } catch (error) {
        problem = (error as Error).message
      } finally {
        live.isBeginning = false
      }
      live.planAgainAt = problem === null ? null : core.clock.now() + limits.planAgainMs
      if (givers.length > 0) await this.#noteWaits(record, `${givers.join(", ")} gives way to it`)
      else if (problem !== null) await this.#noteNoPlace(record, problem, isHopeless)
    })
  }

  /** Whether any host could run it that is not left out, once it is free: other models and jobs end, and people leave. */
  #couldEver(model: ModelRecord, live: LiveReplica, stored: StoredModel): boolean {
    const doubts = this.#doubts(model, live)
    return placeEver(this.#options.core, { model, avoid: this.#leftOut(live), ...doubts, stored }) !== null
  }

  /**
   * Where hives are in its way that have waited for long, and cannot start yet, it is begun in their place, if it can start at once.
   * @param problem why it has no place as long as those keep theirs
   * @returns why there is no place for it, in words; `null` when it was sent
   */
  async #insteadOf(
    model: ModelRecord,
    record: ReplicaRecord,
    live: LiveReplica,
    stored: StoredModel,
    problem: string,
  ): Promise<string | null> {
    const { core, memberFile, packageIndex } = this.#options
    const waiting = isMissed(this.#options, record) ? this.#longWaiting(model.name) : []
    if (waiting.length === 0) return problem
    const avoid = this.#avoided(record, live, new Set(), waiting)
    const doubts = this.#doubts(model, live)
    const hosts = new Set(placeNow(core, { model, avoid, ...doubts, stored })?.members.map(({ host }) => host))
    const instead = waiting.filter(({ plan }) => plan?.members.some(({ host }) => hosts.has(host)))
    if (instead.length === 0) return problem
    const { number } = record
    return beginHive({ core, model, number, avoid, ...doubts, memberFile, packageIndex, stored, instead })
  }

  /** Replicas of other models that have waited in the queue for as long as others must be unused to give way. */
  #longWaiting(name: string): readonly ReplicaRecord[] {
    const { core, limits, liveOf } = this.#options
    const until = core.clock.now() - limits.giveWayMs
    const others = core.store.models.list().filter((other) => other.name !== name)
    const replicas = others.flatMap((other) => core.store.models.replicas(other.name))
    return replicas.filter((one) => (liveOf(one).waitsSince ?? Number.POSITIVE_INFINITY) <= until)
  }

  /** Where others are in its way that nobody uses, and somebody waits for it, they stop. @returns these */
  async #makeRoom(model: ModelRecord, record: ReplicaRecord, live: LiveReplica, stored: StoredModel) {
    const { core } = this.#options
    if (!isMissed(this.#options, record)) return []
    const names = whoGivesWay(
      yielding(this.#options, model.name),
      (without) => {
        const avoid = this.#avoided(record, live, without)
        const placing = { model, avoid, ...this.#doubts(model, live), stored, without: this.#jobsOf(without) }
        const place = placeSoon(core, placing)
        return place === null ? null : new Set(place.members.map(({ host }) => host))
      },
      (name) =>
        new Set(core.store.models.replicas(name).flatMap(({ plan }) => plan?.members.map(({ host }) => host) ?? [])),
    )
    return names.length > 0 && (await giveWay(this.#options, names, record)) ? names : []
  }

  #jobsOf(models: ReadonlySet<string>): ReadonlySet<JobId> {
    const { store: stored } = this.#options.core
    return new Set([...models].flatMap((name) => stored.models.replicas(name).flatMap(({ job }) => job ?? [])))
  }

  /** A place is being made for it. */
  async #noteWaits({ model: name, number }: ReplicaRecord, reason: string): Promise<void> {
    const { core } = this.#options
    await core.ledger.change(() => {
      const model = core.store.models.get(name)
      const record = core.store.models.replicas(name).find((one) => one.number === number)
      if (model === undefined || record === undefined || record.job !== null || !isWantedNow(model, record)) return
      store({ core, model, record }, { state: "waiting", reason })
    })
  }

  /** A hive that waits for its hosts, or is stopped there for somebody's sake, is to go to others that would take it at once, if there are such. */
  lookElsewhere(model: ModelRecord, record: ReplicaRecord, live: LiveReplica): void {
    const { core } = this.#options
    this.#inTurn(async () => {
      const stored = await this.facts(model).catch(() => null)
      if (stored === null || record.plan === null) return
      await askEngines(core, ENGINES_KNOWN_MS)
      const job = record.job === null ? undefined : core.table.live(record.job)
      if (job?.state !== "queued" && job?.state !== "suspended") return
      const avoid = this.#avoided(record, live)
      if (job.state === "suspended") for (const { host } of record.plan.members) avoid.set(host, "it is stopped there")
      const place = placeNow(core, { model, avoid, ...this.#doubts(model, live), stored })
      if (place !== null && !isSamePlan(place, record.plan)) live.isToMove = true
    })
  }

  #inTurn(work: () => Promise<void>): void {
    const { core, look } = this.#options
    this.#planning = this.#planning
      .then(work)
      .catch((error) => core.signal.aborted || core.report("Cannot plan a model", error))
      .then(look)
  }

  /** It waits for a place. One that was just lost does not where there is none, however long: its reason is why it was lost. */
  async #noteNoPlace({ model: name, number }: ReplicaRecord, problem: string, isHopeless: boolean): Promise<void> {
    const { core } = this.#options
    await core.ledger.change(() => {
      const model = core.store.models.get(name)
      const record = core.store.models.replicas(name).find((one) => one.number === number)
      if (model === undefined || record === undefined || record.job !== null || !isWantedNow(model, record)) return
      if (isHopeless && record.state === "resting") {
        store({ core, model, record }, { state: "degraded", reason: record.reason ?? problem, notBefore: null })
      } else if (record.state !== "waiting" || record.reason !== problem)
        store({ core, model, record }, { state: "waiting", reason: problem })
    })
  }

  /** Hosts that could not run it. */
  #leftOut({ avoid }: LiveReplica): Map<string, string> {
    return this.#stillSo(avoid)
  }

  /**
   * What went wrong on hosts that can be had all the same: where its engine may not listen but on loopback, whose cables led nowhere, and where it
   * held more than was planned.
   */
  #doubts({ generation }: ModelRecord, live: LiveReplica) {
    return {
      loopbackOnly: this.#stillSo(live.loopbackOnly),
      withoutCables: this.#stillSo(live.withoutCables),
      needFactors: live.needFactors(generation),
    }
  }

  #stillSo(known: Map<string, { readonly reason: string; readonly until: number }>): Map<string, string> {
    const now = this.#options.core.clock.now()
    for (const [host, { until }] of known) if (until <= now) known.delete(host)
    return new Map([...known].map(([host, { reason }]) => [host, reason]))
  }

  /** Hosts that it must not have: those of other hives, and those that could not run it. @param without models that would give way @param waiting replicas that would */
  #avoided(
    record: ReplicaRecord,
    live: LiveReplica,
    without: ReadonlySet<string> = new Set(),
    waiting: readonly ReplicaRecord[] = [],
  ): Map<string, string> {
    const { store: stored } = this.#options.core
    const avoid = this.#leftOut(live)
    for (const { name } of stored.models.list()) {
      if (without.has(name)) continue
      for (const other of stored.models.replicas(name)) {
        if (waiting.some(({ job }) => job === other.job)) continue
        if (other.job === null || (other.model === record.model && other.number === record.number)) continue
        for (const { host } of other.plan?.members ?? [])
          avoid.set(host, servedThereText(name, other.state === "ending"))
      }
    }
    return avoid
  }
}
