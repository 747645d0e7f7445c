import { AsyncQueue } from "../../base/async-queue.ts"
import { backoffMs } from "../../base/backoff.ts"
import { formatBytes } from "../../base/bytes.ts"
import { toWindfallError, WindfallError } from "../../protocol/errors.ts"
import type { HostView } from "../../protocol/host.ts"
import type { HostId, JobId } from "../../protocol/ids.ts"
import type { LeaveStep } from "../../protocol/lending.ts"
import type { WentAway } from "../../ssh/remote-host.ts"
import type { Core } from "../core.ts"
import type { HostsService } from "../hosts/host-channel.ts"
import { sendStop } from "../jobs/reconcile.ts"
import { changeHost, removeHost } from "./change-host.ts"
import type { FleetHost } from "./fleet-host.ts"
import { whoLeft } from "./who-left.ts"

const FIRST_RETRY_MS = 2_000
const LAST_RETRY_MS = 60_000

/**
 * Takes hosts out of the pool: their jobs end and are fetched, then all of Windfall is removed there, and only when a look has found
 * nothing more are they forgotten. Each step is stored before it is done, so that a restart goes on with it; one that cannot be
 * reached waits for its next contact.
 */
export class Departures {
  readonly #core: Core
  readonly #hosts: () => HostsService
  readonly #random: () => number
  readonly #cleaning = new Set<HostId>()
  readonly #watchers = new Map<HostId, Set<AsyncQueue<LeaveStep>>>()

  constructor(core: Core, options: { readonly hosts: () => HostsService; readonly random: () => number }) {
    this.#core = core
    this.#hosts = options.hosts
    this.#random = options.random
    core.ledger.onCommit(() => this.#look())
  }

  /** Goes on with what a former run began. Hosts that are being cleaned, or have left, are kept by no link. */
  begin(): void {
    for (const host of this.#core.fleet.all()) if (host.record.leaving?.phase === "cleaning") void this.#clean(host)
  }

  /** Begins, or begins to hurry. Within a change. */
  ask(host: FleetHost, { actor, now }: { readonly actor: string; readonly now: boolean }): HostView {
    const { leaving } = host.record
    if (leaving?.phase === "left") {
      throw new WindfallError(
        "host_left",
        `Cannot clean ${host.record.name}: ${whoLeft(host.record)} has done it already`,
        {
          hint: `windfall host rm ${host.record.name} forgets it`,
        },
      )
    }
    const core = this.#core
    const asked = {
      phase: leaving?.phase ?? "ending",
      by: actor,
      since: leaving?.since ?? core.clock.now(),
      now,
    } as const
    const view = changeHost(core, host, { leaving: asked }, "is leaving the pool", actor)
    for (const tried of core.table.onHost(host.record.id)) sendStop(core, host, tried)
    return view
  }

  /** Tells how a host's leaving goes on, to its end or to where it must wait. */
  async *watch(id: HostId, signal: AbortSignal): AsyncGenerator<LeaveStep> {
    const steps = new AsyncQueue<LeaveStep>()
    const watchers = this.#watchers.get(id) ?? new Set()
    this.#watchers.set(id, watchers.add(steps))
    const onAbort = () => steps.end()
    signal.addEventListener("abort", onAbort, { once: true })
    try {
      const host = this.#core.fleet.get(id)
      if (host === undefined) return
      yield { step: "ending", jobs: this.#jobsOn(host) }
      if (host.record.leaving?.phase === "cleaning") yield { step: "cleaning" }
      this.#look()
      yield* steps
    } finally {
      signal.removeEventListener("abort", onAbort)
      watchers.delete(steps)
      if (watchers.size === 0) this.#watchers.delete(id)
    }
  }

  /** After each change: hosts whose jobs are done with are cleaned. */
  #look(): void {
    for (const [id, watchers] of this.#watchers) {
      if (this.#core.fleet.get(id) !== undefined || this.#cleaning.has(id)) continue
      for (const steps of watchers) steps.end()
    }
    for (const host of this.#core.fleet.leaving()) {
      const { id, leaving } = host.record
      if (leaving?.phase !== "ending") continue
      if (host.channel === null) {
        if (host.link !== "connecting") this.#tell(id, { step: "waiting", reason: host.reason ?? `it is ${host.link}` })
      } else if (this.#core.table.onHost(id).length === 0) void this.#clean(host)
    }
  }

  #jobsOn({ record }: FleetHost): JobId[] {
    return this.#core.table.onHost(record.id).map(({ job }) => job.id)
  }

  async #clean(host: FleetHost): Promise<void> {
    const { id } = host.record
    if (this.#cleaning.has(id)) return
    this.#cleaning.add(id)
    try {
      for (let tries = 0; !this.#core.signal.aborted; tries++) {
        if (await this.#cleanOnce(host)) return
        const delayMs = backoffMs(tries, this.#random, FIRST_RETRY_MS, LAST_RETRY_MS)
        await this.#core.clock.sleep(delayMs, { signal: this.#core.signal })
      }
    } catch (error) {
      if (!this.#core.signal.aborted) this.#core.report("Cannot let a host leave", error)
    } finally {
      this.#cleaning.delete(id)
    }
  }

  /** Returns whether there is nothing left to do. */
  async #cleanOnce(host: FleetHost): Promise<boolean> {
    const core = this.#core
    const { id } = host.record
    await core.ledger.change(() => {
      const { leaving } = host.record
      if (leaving?.phase !== "ending" || core.fleet.get(id) !== host) return
      core.fleet.update(host, { ...host.record, leaving: { ...leaving, phase: "cleaning" } })
      core.ledger.hostChanged(host)
    })
    if (core.fleet.get(id) !== host || host.record.leaving?.phase !== "cleaning") return true
    this.#tell(id, { step: "cleaning" })
    let went: readonly WentAway[]
    try {
      went = await this.#hosts().clean(host.record, core.signal)
    } catch (thrown) {
      const error = toWindfallError(thrown, "clean the host")
      // The way in is removed last: an earlier try got that far, or its owner did it.
      if (error.code !== "authentication_refused") {
        core.fleet.setLink(host, "down", error.message, core.clock.now())
        this.#tell(id, { step: "waiting", reason: error.message })
        return false
      }
      went = []
    }
    for (const each of went) this.#tell(id, { step: "went", ...each })
    await core.ledger.change(() => {
      if (core.fleet.get(id) !== host) return
      const by = host.record.leaving?.by ?? ""
      const list = went.map(({ what, bytes }) => `${what} (${formatBytes(bytes)})`)
      const what =
        list.length === 0 ? "nothing of Windfall is there" : `removed there: ${list.join(", ")}; nothing is left`
      core.ledger.event({ type: "host_changed", host: id, name: host.record.name, what }, by)
      removeHost(core, host, by)
    })
    this.#tell(id, { step: "done" })
    return true
  }

  #tell(id: HostId, step: LeaveStep): void {
    for (const steps of this.#watchers.get(id) ?? []) {
      steps.push(step)
      if (step.step === "done" || step.step === "waiting") steps.end()
    }
  }
}
