import { usualDataName } from "../../hive/hub/data-name.ts"
import { Connections } from "../../hub/connections.ts"
import type { Hub } from "../../hub/hub.ts"
import { findModel } from "../../hub/hub-model.ts"
import { toWindfallError, WindfallError } from "../../protocol/errors.ts"
import { makeId, type PullId } from "../../protocol/ids.ts"
import type { PullRequest, PullView } from "../../protocol/pull-api.ts"
import { contentOf, type PullRecord } from "../../store/pull-record.ts"
import type { Caller } from "../auth/accounts.ts"
import type { Core } from "../core.ts"
import { checkVersion } from "../data/add-data.ts"
import { checkAtHub } from "./check-model.ts"
import { checkRoom } from "./check-room.ts"
import { ContentLocks } from "./content-locks.ts"
import { chooseHub, type HubSettings, hubToken } from "./hub-settings.ts"
import { PullProgress } from "./pull-progress.ts"
import { pullView } from "./pull-view.ts"
import { runPull } from "./run-pull.ts"

/** Whoever asks waits for the listing: it is not tried for as long as files are. */
const LISTING_TRIES = 4

/** So long it is told what was fetched, and why not. */
export const TOLD_MS = 30 * 86_400_000

/** One under way. */
interface Running {
  readonly stop: AbortController
  readonly ended: Promise<void>
}

/** Models on their way from a hub into the lab. They are taken up again when the server starts. */
export class Pulls {
  readonly #core: Core
  readonly #settings: HubSettings
  readonly #random: () => number
  readonly #running = new Map<PullId, Running>()
  /** Also of those that have ended in this run. */
  readonly #progress = new Map<PullId, PullProgress>()
  readonly #locks = new ContentLocks()
  readonly #connections: Connections

  constructor(core: Core, settings: HubSettings, random: () => number) {
    this.#core = core
    this.#settings = settings
    this.#random = random
    this.#connections = new Connections(settings.limits.connections)
  }

  /** Takes up what a former run left. */
  begin(): void {
    for (const record of this.#core.store.pulls.list()) if (record.state === "pulling") this.#run(record)
    // Whoever is removed takes along what is on its way to them.
    this.#core.followers.onAccounts(() => {
      for (const [id, { stop }] of this.#running)
        if (this.#core.store.pulls.get(id) === undefined) stop.abort(new Error("its user was removed"))
    })
  }

  /**
   * Looks for a model, whether it is one and whether it can come, then has it come; the same that is on its way already is answered with that.
   * @throws {WindfallError} as hubs refuse; invalid_input, name_taken, disk_full, secret_not_found, not_allowed
   */
  async start(request: PullRequest, caller: Caller, signal: AbortSignal): Promise<PullView> {
    const core = this.#core
    if (request.name !== null) checkVersion(core, caller, request.name)
    const url = chooseHub(this.#settings, caller, request.hub)
    const token = hubToken(core, this.#settings, caller.user, url, request.secret)
    const hub = this.#hub(url, token, LISTING_TRIES)
    const found = await findModel(hub, { ...request, name: request.repository }, signal, request.images)
    const name = request.name ?? usualDataName(found.repository, found.label)
    const { repository, commit, label, files } = found
    const model = { repository, commit, label, files }
    const record: PullRecord = {
      id: makeId<PullId>("p", core.randomBytes(16)),
      user: caller.user,
      name,
      shared: request.shared,
      hub: url.href,
      secret: request.secret,
      revision: request.revision,
      model,
      state: "pulling",
      reason: null,
      version: null,
      createdAt: core.clock.now(),
      endedAt: null,
    }
    const others = this.#under(caller.user, name)
    if (others.every((one) => !isSame(one, record))) {
      await checkAtHub(core, caller.user, hub, found, signal)
      await checkRoom(core, record, this.#leftBytes())
    }
    const started = await core.ledger.change(() => {
      checkVersion(core, caller, name)
      for (const other of this.#under(caller.user, name)) {
        if (isSame(other, record)) return other
        throw new WindfallError(
          "wrong_state",
          `Cannot fetch ${repository} as ${name}: ${other.model.repository} comes under that name`,
          {
            hint: `Choose another name, or stop that one: windfall model pull --stop ${name}`,
          },
        )
      }
      core.store.pulls.put(record)
      const what = `comes from ${repository} of ${url.host}, commit ${commit.slice(0, 12)}`
      core.ledger.event({ type: "data_changed", name, user: caller.user, what }, caller.user)
      core.ledger.afterCommit(() => this.#run(record))
      return record
    })
    return this.view(started)
  }

  /** Those a person may see, oldest first. */
  list(viewer: Caller): PullView[] {
    const since = this.#core.clock.now() - TOLD_MS
    return this.#core.store.pulls
      .list()
      .filter(({ endedAt }) => endedAt === null || endedAt >= since)
      .filter(({ user }) => user === viewer.user || viewer.role === "admin")
      .map((record) => this.view(record))
  }

  /** @throws {WindfallError} pull_not_found, also for somebody else's */
  find(id: string, viewer: Caller): PullRecord {
    const record = this.#core.store.pulls.get(id as PullId)
    if (record !== undefined && (record.user === viewer.user || viewer.role === "admin")) return record
    throw new WindfallError(
      "pull_not_found",
      `Cannot find ${JSON.stringify(id.slice(0, 64))}: nothing comes under that id`,
      {
        hint: "What comes: windfall data ls",
      },
    )
  }

  view(record: PullRecord): PullView {
    return pullView(record, this.#progress.get(record.id))
  }

  /** Calls back when one gets on, or ends; returns how to stop that. */
  listen(id: PullId, listener: () => void): () => void {
    return this.#progress.get(id)?.listen(listener) ?? (() => {})
  }

  /** Stops one; what has come stays for a while, so that the same again goes on from there. */
  async cancel(record: PullRecord, actor: string): Promise<PullView> {
    const core = this.#core
    const cancelled = await core.ledger.change(() => {
      const now = core.store.pulls.get(record.id) ?? record
      if (now.state !== "pulling") return now
      return this.#end(now, "cancelled", `${actor} stopped it`, actor)
    })
    const running = this.#running.get(record.id)
    running?.stop.abort(new Error("it was stopped"))
    await running?.ended
    return this.view(cancelled)
  }

  /** Ends with the server: what is under way is taken up by the next run. Resolves when nothing is written any more. */
  async settled(): Promise<void> {
    await Promise.all([...this.#running.values()].map(({ ended }) => ended))
  }

  #run(record: PullRecord): void {
    const stop = new AbortController()
    const progress = new PullProgress()
    this.#progress.set(record.id, progress)
    const signal = AbortSignal.any([this.#core.signal, stop.signal])
    const ended = this.#fetch(record, progress, signal)
      .catch((error: unknown) => (signal.aborted ? undefined : this.#fail(record, error)))
      .catch((error: unknown) => this.#core.report(`Cannot note what became of ${record.name}`, error))
      .finally(() => {
        this.#running.delete(record.id)
        progress.ended()
      })
    this.#running.set(record.id, { stop, ended })
  }

  async #fetch(record: PullRecord, progress: PullProgress, signal: AbortSignal): Promise<void> {
    const core = this.#core
    const url = new URL(record.hub)
    const token = hubToken(core, this.#settings, record.user, url, record.secret)
    const hub = this.#hub(url, token, this.#settings.limits.tries, (reason, waitMs) =>
      progress.waits(`${reason}; asked again in ${Math.ceil(waitMs / 1_000)} s`),
    )
    await core.blobs.settled(record.user)
    await runPull({
      core,
      hub: { ...hub, connections: this.#connections, keeps: true },
      record,
      progress,
      locks: this.#locks,
      signal,
    })
  }

  #hub(base: URL, token: string | null, tries: number, onWait?: Hub["onWait"]): Hub {
    const limits = { ...this.#settings.limits, tries }
    const { clock } = this.#core
    const { fetch } = this.#settings
    return { base, token, clock, random: this.#random, limits, fetch, ...(onWait === undefined ? {} : { onWait }) }
  }

  async #fail(record: PullRecord, thrown: unknown): Promise<void> {
    const { message, hint, code } = toWindfallError(thrown, `fetch ${record.model.repository}`)
    if (code === "internal") this.#core.report(`Cannot fetch ${record.model.repository}`, thrown)
    await this.#core.ledger.change(() => {
      if (this.#core.store.pulls.get(record.id)?.state !== "pulling") return
      this.#end(record, "failed", hint === undefined ? message : `${message}. ${hint}`)
    })
  }

  /** Within a change. */
  #end(record: PullRecord, state: "failed" | "cancelled", reason: string, actor?: string): PullRecord {
    const { store, ledger, clock } = this.#core
    const ended: PullRecord = { ...record, state, reason, endedAt: clock.now() }
    store.pulls.put(ended)
    const what = `does not come from ${record.model.repository}: ${reason}`
    ledger.event({ type: "data_changed", name: record.name, user: record.user, what }, actor)
    return ended
  }

  /** What comes under a name. */
  #under(user: string, name: string): PullRecord[] {
    return this.#core.store.pulls
      .list()
      .filter((one) => one.state === "pulling" && one.user === user && one.name === name)
  }

  #leftBytes(): { readonly leftBytes: number }[] {
    return this.#core.store.pulls
      .list()
      .filter(({ state }) => state === "pulling")
      .map((record) => {
        const { totalBytes, doneBytes } = this.view(record)
        return { leftBytes: totalBytes - doneBytes }
      })
  }
}

function isSame(a: PullRecord, b: PullRecord): boolean {
  const text = ({ hub, model }: PullRecord) =>
    [hub, model.repository, model.commit, ...model.files.map(contentOf)].join(" ")
  return text(a) === text(b)
}
