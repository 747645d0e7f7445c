import type { JobId } from "../../protocol/ids.ts"
import { isFinal } from "../../protocol/job-state.ts"
import type { JobRecord } from "../../store/job-record.ts"
import type { ModelRecord, ReplicaRecord } from "../../store/model-record.ts"
import { Alarm } from "../alarm.ts"
import type { Core } from "../core.ts"
import { whyBarred } from "../fleet/hive-nets.ts"
import { mainOf } from "../gang/members.ts"
import type { Replica, ServedModels } from "../gateway/served-models.ts"
import { whatIsAwaited } from "./awaited-hosts.ts"
import { tellEnd } from "./engine-end.ts"
import { FormerHives } from "./former-hives.ts"
import { whoIsGone } from "./gone-hosts.ts"
import { HiveWatch } from "./hive-watch.ts"
import type { LiveReplica } from "./live-replica.ts"
import { LiveReplicas } from "./live-replicas.ts"
import { lookAtHive, UNKNOWN_HIVE } from "./look-at-hive.ts"
import { limitsFor } from "./make-order.ts"
import { MODEL_LIMITS, type ModelLimits } from "./model-limits.ts"
import { isWantedNow } from "./model-state.ts"
import { ModelUse } from "./model-use.ts"
import { ReplicaPlaces } from "./place-replicas.ts"
import { probeReplica } from "./probe-replica.ts"
import { PublishedModels } from "./publish-models.ts"
import { type ReplicaScene, type ReplicaStep, stepOf } from "./replica-step.ts"
import { takeStep } from "./take-step.ts"
import { tunnelFor } from "./tunnel-for.ts"

export interface ModelsOptions {
  readonly core: Core
  readonly served: ServedModels
  /** The bundled program of members. */
  readonly memberFile: () => Promise<string>
  readonly packageIndex: string | null
  readonly limits?: Partial<ModelLimits> | undefined
}

/** Events after which a replica may stand otherwise, beside changes of its job. */
const NEWS: ReadonlySet<string> = new Set([
  ...["model_changed", "attempt_contact", "attempt_suspended", "attempt_continued"],
])
/** Events after which there may be another place for a replica. */
const OF_HOSTS: ReadonlySet<string> = new Set([
  "host_link",
  "host_added",
  "host_changed",
  "host_removed",
  "host_withheld",
  "host_lever",
  "fleet_changed",
])
/** How often it is looked whether the processes of a hive that has ended are gone, where that is not so at once. */
const GONE_AGAIN_MS = 500
/** A replica for which there is always more to do is an error of ours. */
const MOST_TURNS = 8

/**
 * Sees to it that models run as they are wanted: holds what is stored of them against the jobs that their hives are and against what
 * members say, and does the next step for each replica. What is stored, and jobs, are all it needs: a server that was killed goes on from these.
 */
export class Models implements Disposable {
  readonly use: ModelUse
  readonly places: ReplicaPlaces
  readonly #core: Core
  readonly #limits: ModelLimits
  readonly #published: PublishedModels
  readonly #alarm: Alarm
  readonly #live = new LiveReplicas()
  readonly #former = new FormerHives()
  #isLookWanted = false
  #unlisten: (() => void) | undefined

  constructor({ core, served, memberFile, packageIndex, limits }: ModelsOptions) {
    this.#core = core
    this.#limits = { ...MODEL_LIMITS, ...limits }
    this.#alarm = new Alarm(core.clock, () => this.look())
    this.use = new ModelUse(core)
    this.places = new ReplicaPlaces({
      ...{ core, limits: this.#limits, memberFile, packageIndex, use: this.use },
      liveOf: (replica) => this.liveOf(replica),
      look: () => this.look(),
    })
    this.#published = new PublishedModels({
      core,
      served,
      liveOf: (replica) => this.liveOf(replica),
      callsOf: (name) => ({
        wake: () => this.use.wake(name),
        failed: (replica) => this.#doubt(name, replica),
        inFlight: (replica, change) => this.#count(name, replica, change),
      }),
    })
  }

  /** Lets the gateway know which models there are, before any client can ask: none of their replicas is known to answer yet. */
  announce(): void {
    this.#published.publishAll()
  }

  /** Takes up what a former run left. */
  begin(): void {
    this.#former.noteAll(this.#core)
    this.#unlisten = this.#core.ledger.onCommit((events, jobs) => {
      const isOurs = (job: JobRecord) => job.spec.kind === "hive"
      if (events.some(({ type }) => OF_HOSTS.has(type))) for (const live of this.#live.all()) live.planAgainAt = null
      if (jobs.some(isOurs) || events.some(({ type }) => NEWS.has(type) || OF_HOSTS.has(type))) this.look()
    })
    this.look()
  }

  [Symbol.dispose](): void {
    this.#unlisten?.()
    this.#alarm.set(null)
    for (const live of this.#live.all()) live.forgetHive()
  }

  /** What this run knows of a replica. */
  liveOf(which: Pick<ReplicaRecord, "model" | "number">): LiveReplica {
    return this.#live.of(which)
  }

  /** Somebody wants it tried again, whatever kept it from that. */
  tryAnew(model: string): void {
    this.use.expect(model)
    for (const record of this.#core.store.models.replicas(model)) this.liveOf(record).plansAnew()
  }

  /** The model was removed: another one of its name begins with nothing that was known of this one. */
  forget(model: string): void {
    this.use.forget(model)
    this.#live.forgetModel(model)
  }

  /** Looks at all models soon, once for all that happens in this turn. */
  look(): void {
    const core = this.#core
    if (this.#isLookWanted || core.signal.aborted) return
    this.#isLookWanted = true
    setImmediate(() => {
      this.#isLookWanted = false
      if (core.signal.aborted) return
      core.ledger
        .change(() => this.#lookAtAll())
        .then(
          () => this.#published.publishAll(),
          (error) => core.signal.aborted || core.report("Cannot look after the models", error),
        )
    })
  }

  /** Within a change. */
  #lookAtAll(): void {
    const { models } = this.#core.store
    const times: number[] = []
    for (const model of models.list()) {
      const numbers = models.replicas(model.name).map(({ number }) => number)
      const live = numbers.map((number) => this.liveOf({ model: model.name, number }))
      this.use.stopIdle(model, live)
      for (const number of numbers) times.push(this.#lookAt(model.name, number))
      times.push(this.use.idleAt(models.get(model.name) ?? model, live) ?? Number.POSITIVE_INFINITY)
    }
    const nextAt = Math.min(...times, Number.POSITIVE_INFINITY)
    this.#alarm.set(Number.isFinite(nextAt) ? Math.max(nextAt, this.#core.clock.now() + 1) : null)
  }

  /** Takes steps until nothing is to be done at once. @returns when to look again although nothing happens */
  #lookAt(name: string, number: number): number {
    const { models } = this.#core.store
    for (let turn = 0; turn < MOST_TURNS; turn++) {
      const model = models.get(name)
      const record = models.replicas(name).find((one) => one.number === number)
      if (model === undefined || record === undefined) return Number.POSITIVE_INFINITY
      const live = this.liveOf(record)
      const step = stepOf(this.#sceneOf(model, record, live))
      if (this.#take(model, record, live, step)) continue
      if (number > model.options.replicas && record.job === null) {
        models.dropReplica(record)
        this.#live.forget(record)
        return Number.POSITIVE_INFINITY
      }
      return this.#nextLook(model, record, live)
    }
    return this.#core.clock.now() + this.#limits.planAgainMs
  }

  /** @returns whether something has changed, so that there may be more to do */
  #take(model: ModelRecord, record: ReplicaRecord, live: LiveReplica, step: ReplicaStep): boolean {
    const core = this.#core
    switch (step.do) {
      case "nothing":
        return false
      case "begin":
        this.places.begin(model, record, live)
        return false
      case "probe":
        probeReplica(core, this.#limits, model, record, live, () => this.look())
        return false
      default:
        takeStep({ core, limits: this.#limits, model, record, live }, step)
        if (step.do === "note" && step.state === "ready") this.use.arrived(model.name)
        // Its hosts are free for whoever waits for them.
        if (step.do === "gone") for (const other of this.#live.all()) other.planAgainAt = null
        // What is asked of a hive shows in its job by and by.
        return step.do !== "end"
    }
  }

  #sceneOf(model: ModelRecord, record: ReplicaRecord, live: LiveReplica): ReplicaScene {
    const core = this.#core
    const job = record.job === null ? null : jobOf(core, record.job)
    live.waitsSince = job?.state === "queued" ? (live.waitsSince ?? core.clock.now()) : null
    if (job !== null) {
      this.#follow(job, live)
      tunnelFor(core, job, record, live, this.#limits)
    }
    const bytes = record.plan?.members.reduce((sum, { needBytes }) => sum + needBytes, 0) ?? 0
    const { gatherMs, workerMs, loadMs } = limitsFor(bytes)
    const startMs = this.#limits.startMs + gatherMs + workerMs + loadMs
    const hive =
      job === null
        ? record.job === null
          ? null
          : UNKNOWN_HIVE
        : lookAtHive(core, job, live.watch, record.plan, startMs)
    // The way leads to another process then, or nowhere.
    if (hive !== null && (hive.state !== "running" || hive.away !== null) && live.probe !== "unknown")
      live.forgetWay(hive.away ?? hive.lost?.reason ?? hive.reason)
    const now = core.clock.now()
    return {
      now,
      record,
      isWanted: isWantedNow(model, record),
      hive,
      probe: live.probe === "running" ? "unknown" : live.probe,
      inFlight: live.inFlight,
      drainUntil: live.drainUntil ?? (record.state === "ending" ? now : null),
      isToMove: live.isToMove,
      gone: whoIsGone(core, record.plan),
      awaited: job?.state === "queued" ? whatIsAwaited(core, record.plan, model.user) : null,
      barred: whyBarred(core, record.plan),
      failing: live.failing,
    }
  }

  /** Reads what the main member of the latest attempt says. */
  #follow(job: JobRecord, live: LiveReplica): void {
    const attempt = mainOf(job)
    if (attempt === undefined || (live.watch?.job === job.id && live.watch.attempt === attempt.number)) return
    live.watch?.[Symbol.dispose]()
    live.forgetWay()
    live.watch = new HiveWatch(this.#core, job, attempt.number, attempt.state === "ended", () => this.look())
    tellEnd(this.#core, job, live.watch)
    live.watch.isOfFormerRun = this.#former.has(job.id, attempt.number)
  }

  #nextLook(model: ModelRecord, record: ReplicaRecord, live: LiveReplica): number {
    const now = this.#core.clock.now()
    const { planAgainMs } = this.#limits
    const job = record.job === null ? undefined : this.#core.table.live(record.job)
    const times = [live.probeAgainAt, record.notBefore, record.state === "ending" ? live.drainUntil : null]
    if (record.job !== null && (job === undefined || isFinal(job.state))) times.push(now + GONE_AGAIN_MS)
    if (job?.state === "running" && record.state === "starting") times.push(now + planAgainMs)
    const isKept = job?.state === "queued" || job?.state === "suspended"
    if (isKept && isWantedNow(model, record) && (live.planAgainAt ?? 0) <= now) {
      live.planAgainAt = now + planAgainMs
      this.places.lookElsewhere(model, record, live)
    }
    times.push(live.planAgainAt)
    return Math.min(Number.POSITIVE_INFINITY, ...times.filter((at) => at !== null).filter((at) => at > now))
  }

  /** A request was lost at a replica: it gets none before a token has come through again. */
  #doubt(name: string, replica: Replica): void {
    for (const live of this.#live.all()) {
      if (live.served?.id !== replica.id) continue
      live.doubt()
      this.#published.publish(name)
      this.look()
    }
  }

  #count(name: string, replica: Replica, change: 1 | -1): void {
    this.use.note(name)
    for (const live of this.#live.all()) {
      // Also where it has another name by now, or takes no new ones.
      if (live.prefix === null || !replica.id.startsWith(live.prefix)) continue
      live.inFlight = Math.max(0, live.inFlight + change)
      if (live.inFlight === 0) this.look()
    }
  }
}

/** @returns `null` for one of which nothing is known, as in a restored older database */
function jobOf(core: Core, id: JobId): JobRecord | null {
  try {
    return core.table.get(id)
  } catch {
    return null
  }
}
