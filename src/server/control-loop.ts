import { join } from "node:path"
import type { Clock } from "../base/clock.ts"
import { WindfallError } from "../protocol/errors.ts"
import type { Store } from "../store/store.ts"
import { Alarm } from "./alarm.ts"
import type { SecretBox } from "./auth/secret-box.ts"
import { UserBlobs } from "./blobs/user-blobs.ts"
import type { Core } from "./core.ts"
import { refreshPlaces } from "./data/data-hosts.ts"
import { Fleet } from "./fleet/fleet.ts"
import { Links } from "./fleet/links.ts"
import { FolderWatch } from "./folder-watch.ts"
import { Followers } from "./followers.ts"
import { WeekBook } from "./forecast/week-book.ts"
import { AwaitedOutput } from "./jobs/awaited-output.ts"
import { giveUpSilent, markOutOfContact } from "./jobs/contact.ts"
import { JobTable } from "./jobs/job-table.ts"
import { Ledger } from "./ledger.ts"
import type { ServerLimits } from "./limits.ts"
import { LogStore } from "./logs/log-store.ts"
import { measuredFromServer } from "./network/measure-views.ts"
import { wakeForJobs } from "./network/wake-for-jobs.ts"
import { Courier } from "./notify/courier.ts"
import { NotifyBook } from "./notify/notify-book.ts"
import { watchOverdue } from "./notify/overdue.ts"
import { watchLent } from "./owners/lent.ts"
import { currentPolicy } from "./policy/pool-policy.ts"
import { Planner } from "./queue/planner.ts"
import { UsageBook } from "./usage/usage-book.ts"

export interface ControlLoopOptions {
  readonly store: Store
  readonly folder: string
  readonly secrets: SecretBox
  readonly clock: Clock
  readonly randomBytes: (count: number) => Uint8Array
  readonly limits: ServerLimits
  readonly log: (line: string) => void
}

/** Partitions there are; more come with policies. */
const PARTITIONS = ["apple_gpu"] as const
const TAIL_SEGMENTS = 8
const MAX_PASSES = 8

/**
 * Holds the server's parts together and decides when to plan: at the end of every tick in which something changed that
 * the scheduler looks at, and at the times the scheduler named. Nothing is polled.
 */
export class ControlLoop {
  readonly core: Core
  readonly links: Links
  readonly #store: Store
  readonly #planner: Planner
  readonly #ended = new AbortController()
  readonly #planAlarm: Alarm
  readonly #silenceAlarm: Alarm
  readonly #courier: Courier
  readonly #outputAlarm: Alarm
  readonly #usageAlarm: Alarm
  readonly #awaitedOutput = new AwaitedOutput()
  #planWanted = false
  #silenceWanted = false
  #outputWanted = false

  constructor(options: ControlLoopOptions) {
    const { store, folder, secrets, clock, randomBytes, limits, log } = options
    this.#store = store
    const say = (what: string, error: unknown) => {
      log(JSON.stringify({ at: new Date(clock.now()).toISOString(), trouble: what, reason: reasonOf(error) }))
    }
    const folderWatch = new FolderWatch({
      folder,
      isInPlace: () => store.database.isInPlace,
      onGone: (error) => say("Nothing can be stored any more", error),
    })
    const ledger = new Ledger({
      store,
      clock,
      refusal: () => folderWatch.refusal(),
      beforeCommit: () => this.#beforeCommit(),
      onFailure: (error) => this.#startOver(error),
    })
    // That the folder is gone has been said already: everything fails of it from then on.
    const report = (what: string, error: unknown) => {
      if (!isFolderGone(error)) say(what, error)
    }
    this.core = {
      folder,
      store,
      ledger,
      table: new JobTable(store.jobs),
      fleet: new Fleet(PARTITIONS, clock, store.fleetPolicies.all()),
      folderWatch,
      logs: new LogStore({
        folder: join(folder, "logs"),
        limits: {
          headBytes: limits.outputHeadBytes,
          segmentBytes: Math.max(1, Math.ceil(limits.outputTailBytes / TAIL_SEGMENTS)),
          segments: TAIL_SEGMENTS,
        },
        clock,
        onPressure: (held) => this.links.holdOutput(held),
        onTrouble: (error) => report("Cannot write output of jobs; trying again", error),
      }),
      blobs: new UserBlobs(join(folder, "blobs")),
      secrets,
      followers: new Followers(ledger),
      notify: new NotifyBook(store.notify),
      usage: new UsageBook(store.usage, clock.now()),
      weeks: new WeekBook(store.learnedWeeks),
      clock,
      limits,
      randomBytes,
      signal: this.#ended.signal,
      report,
      wakePlanner: () => {
        this.#planWanted = true
        if (!ledger.applying) ledger.wake()
      },
      watchSilence: () => {
        this.#silenceWanted = true
      },
      wakeCourier: () => this.#courier.wake(),
      awaitOutput: (attempt) => {
        this.#awaitedOutput.expect(attempt)
        this.#outputWanted = true
      },
    }
    this.#planner = new Planner(this.core)
    this.links = new Links(this.core)
    this.#courier = new Courier(this.core)
    this.#planAlarm = new Alarm(clock, () => this.core.wakePlanner())
    this.#silenceAlarm = new Alarm(clock, () => {
      this.#silenceWanted = true
      ledger.wake()
    })
    this.#outputAlarm = new Alarm(clock, () => {
      this.#outputWanted = true
      ledger.wake()
    })
    this.#usageAlarm = new Alarm(clock, () => ledger.wake())
    for (const record of store.hosts.list()) {
      this.core.fleet.add(record, clock.now())
      this.core.fleet.setServerMbps(record.id, measuredFromServer(this.core, record.id))
    }
    refreshPlaces(this.core)
  }

  /** Takes up what a former run left: its attempts are out of contact until their hosts are heard of. */
  begin(): void {
    const { core } = this
    core.ledger
      .change(() => {
        for (const host of core.fleet.all()) markOutOfContact(core, host, core.clock.now())
        core.wakePlanner()
      })
      .catch((error) => core.report("Cannot take up the jobs of the former run", error))
    this.#courier.wake()
    watchLent(core).catch((error) => core.signal.aborted || core.report("Cannot look for what hosts were lent", error))
    watchOverdue(core).catch((error) => core.signal.aborted || core.report("Cannot look for overdue jobs", error))
  }

  /** Ends everything that waits or follows. */
  announceEnd(): void {
    this.#ended.abort(new Error("the server is stopping"))
  }

  /** Writes what is under way and lets go of files. */
  async stop(): Promise<void> {
    this.announceEnd()
    await this.#courier.stop()
    // The last changes may set alarms once more.
    this.core.ledger.close()
    for (const alarm of [this.#planAlarm, this.#silenceAlarm, this.#outputAlarm, this.#usageAlarm]) alarm.set(null)
    await this.core.logs[Symbol.asyncDispose]()
  }

  #beforeCommit(): void {
    const { core } = this
    if (this.#silenceWanted) {
      this.#silenceWanted = false
      this.#silenceAlarm.set(giveUpSilent(core))
    }
    if (this.#outputWanted) {
      this.#outputWanted = false
      this.#outputAlarm.set(this.#awaitedOutput.look(core))
    }
    const now = core.clock.now()
    if (core.usage.isDue(now)) {
      core.usage.settle(now, currentPolicy(core).usage)
      this.#usageAlarm.set(core.usage.nextMs)
    }
    // A job that cannot be placed after all changes what there is to plan.
    for (let pass = 0; this.#planWanted && pass < MAX_PASSES; pass++) {
      this.#planWanted = false
      const planAt = this.#planner.planAndPlace()
      const wakeAt = wakeForJobs(core)
      this.#planAlarm.set(planAt === null || wakeAt === null ? (planAt ?? wakeAt) : Math.min(planAt, wakeAt))
    }
  }

  /** What memory says is no longer what the database says: it is read anew, and every host is asked anew. */
  #startOver(error: unknown): void {
    const { core, links } = this
    core.report("Cannot store a change; starting over from the database", error)
    this.#store.policies.reload()
    core.table.reload()
    core.notify.reload()
    core.usage.reload(core.clock.now())
    core.weeks.reload()
    core.fleet.setRules(this.#store.fleetPolicies.all())
    const stored = new Map(this.#store.hosts.list().map((record) => [record.id, record]))
    for (const host of core.fleet.all()) {
      const record = stored.get(host.record.id)
      stored.delete(host.record.id)
      if (record === undefined) core.fleet.remove(host.record.id)
      else core.fleet.update(host, record)
    }
    for (const record of stored.values()) core.fleet.add(record, core.clock.now())
    refreshPlaces(core)
    links.resetAll("the server could not store what it said")
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause === undefined ? (error.stack ?? error.message) : `${error.stack} <- ${reasonOf(error.cause)}`
}

function isFolderGone(error: unknown): boolean {
  return error instanceof WindfallError && error.code === "data_folder_gone"
}
