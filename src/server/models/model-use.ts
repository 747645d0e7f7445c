import type { ModelRecord } from "../../store/model-record.ts"
import type { Core } from "../core.ts"
import type { LiveReplica } from "./live-replica.ts"
import { setModel } from "./take-step.ts"

/** When models are used: what is unused for long stops, and starts with the next request. */
export class ModelUse {
  readonly #core: Core
  readonly #since: number
  readonly #usedAt = new Map<string, number>()
  readonly #wantedAt = new Map<string, number>()
  /** Somebody had them served, and they have not answered since. */
  readonly #expected = new Set<string>()

  constructor(core: Core) {
    this.#core = core
    this.#since = core.clock.now()
  }

  /** When a request was brought to it last, in this run of the server. */
  usedAt(name: string): number | null {
    return this.#usedAt.get(name) ?? null
  }

  /** When somebody asked for it last although nothing of it ran, or had it served; `null`: not in this run of the server. */
  wantedAt(name: string): number | null {
    return this.#wantedAt.get(name) ?? null
  }

  want(name: string): void {
    this.#wantedAt.set(name, this.#core.clock.now())
  }

  /** Somebody had it served: it is wanted until it has answered once, however long that takes. */
  expect(name: string): void {
    this.want(name)
    this.#expected.add(name)
  }

  isExpected(name: string): boolean {
    return this.#expected.has(name)
  }

  /** It answers. */
  arrived(name: string): void {
    this.#expected.delete(name)
  }

  note(name: string): void {
    this.#usedAt.set(name, this.#core.clock.now())
  }

  forget(name: string): void {
    this.#usedAt.delete(name)
    this.#wantedAt.delete(name)
    this.#expected.delete(name)
  }

  /** Somebody asks for a model of which nothing runs. */
  wake(name: string): void {
    const core = this.#core
    this.note(name)
    this.want(name)
    const known = core.store.models.get(name)
    if (known === undefined || known.isAwake || known.wanted !== "serving") return
    core.ledger
      .change(() => {
        const model = core.store.models.get(name)
        if (model === undefined || model.isAwake) return
        setModel({ core, model }, { isAwake: true, reason: null }, "starts, as somebody asks for it")
      })
      .catch((error) => core.signal.aborted || core.report(`Cannot wake the model ${name}`, error))
  }

  /** When it is to stop unless it is used before; `null`: not now. */
  idleAt({ name, wanted, isAwake, options }: ModelRecord, live: readonly LiveReplica[]): number | null {
    if (wanted !== "serving" || !isAwake || options.idleStopMs === null) return null
    const since = this.unusedSince(name, live)
    return since === null ? null : since + options.idleStopMs
  }

  /** Since when a model that answers is unused, as far as this run of the server knows; `null`: it is in use, or does not answer. */
  unusedSince(name: string, live: readonly LiveReplica[]): number | null {
    const ready = this.#core.store.models.replicas(name).flatMap(({ readySince }) => readySince ?? [])
    if (ready.length === 0 || live.some(({ inFlight }) => inFlight > 0)) return null
    return Math.max(this.#usedAt.get(name) ?? 0, this.#since, ...ready)
  }

  /** Within a change. */
  stopIdle(model: ModelRecord, live: readonly LiveReplica[]): void {
    const at = this.idleAt(model, live)
    if (at === null || at > this.#core.clock.now()) return
    const reason = "it was not used; it starts with the next request"
    setModel({ core: this.#core, model }, { isAwake: false, reason }, `stops: ${reason}`)
  }
}
