import { FairQueue } from "../../gateway/fair-queue.ts"
import { GatewayProblem } from "../../gateway/gateway-problem.ts"
import type { GatewayLimits } from "./gateway-limits.ts"
import { PrefixMemory } from "./prefix-memory.ts"
import type { Replica, ServedModel, ServedModels } from "./served-models.ts"

/** A place at a replica, to be given back once. */
export interface Turn {
  readonly replica: Replica
  /** @param tokens what was used, for who is next */
  release(tokens: number): void
}

export interface WantedTurn {
  readonly user: string
  /** What requests that begin alike have in common. */
  readonly prefix: string
  /** Replicas that failed this request already. */
  readonly excluded: ReadonlySet<string>
}

interface Waiter extends WantedTurn {
  readonly take: (turn: Turn) => void
  readonly refuse: (problem: GatewayProblem) => void
}

const RETRY_BUSY_S = 5
const RETRY_COLD_S = 30

/** Who is served when at the replicas of one model: a bounded queue, fair among users. */
export class Turns {
  readonly #name: string
  readonly #models: ServedModels
  readonly #limits: GatewayLimits
  readonly #queue: FairQueue<Waiter>
  /** Requests under way by replica. */
  readonly #busy = new Map<string, number>()
  readonly #prefixes = new PrefixMemory()

  constructor(name: string, models: ServedModels, limits: GatewayLimits, sharesOf: (user: string) => number) {
    this.#name = name
    this.#models = models
    this.#limits = limits
    this.#queue = new FairQueue({ most: limits.waiting, mostOfOne: limits.waitingOfOne }, sharesOf)
  }

  get isIdle(): boolean {
    return this.#queue.size === 0 && this.#busy.size === 0
  }

  /**
   * Waits for a place.
   * @throws {GatewayProblem} busy when too many wait, or it took too long; not_ready when no replica came up; the signal's reason
   */
  take(wanted: WantedTurn, signal: AbortSignal): Promise<Turn> {
    signal.throwIfAborted()
    const { promise, resolve, reject } = Promise.withResolvers<Turn>()
    const leave = this.#queue.add(wanted.user, { ...wanted, take: resolve, refuse: reject })
    if (leave === undefined)
      throw new GatewayProblem("busy", `Too many requests wait for ${this.#name}`, { retryAfterS: RETRY_BUSY_S })
    const waitMs = this.#isCold(wanted) ? this.#limits.coldMs : this.#limits.turnMs
    const timer = setTimeout(() => {
      leave()
      reject(this.#tooLong(wanted, waitMs))
    }, waitMs)
    const abort = () => {
      leave()
      reject(signal.reason)
    }
    signal.addEventListener("abort", abort, { once: true })
    this.look()
    return promise.finally(() => {
      clearTimeout(timer)
      signal.removeEventListener("abort", abort)
    })
  }

  /** The model has changed, or a place is free. */
  look(): void {
    const model = this.#models.find(this.#name)
    if (model === undefined || (model.replicas.length === 0 && model.problem !== null)) {
      const problem = this.#goneFor(model)
      for (let each = this.#queue.take(); each !== undefined; each = this.#queue.take()) each.refuse(problem)
      return
    }
    const free = () => model.replicas.filter(({ id, slots }) => (this.#busy.get(id) ?? 0) < slots)
    for (let replicas = free(); replicas.length > 0; replicas = free()) {
      const next = this.#queue.take(({ excluded }) => replicas.some(({ id }) => !excluded.has(id)))
      if (next === undefined) break
      this.#give(next, this.#best(replicas, next))
    }
    if (this.#queue.size > 0 && model.replicas.length === 0) model.wake()
  }

  #goneFor(model: ServedModel | undefined): GatewayProblem {
    const reason = model?.problem ?? "it is not served any more"
    return new GatewayProblem("not_ready", `The model ${this.#name} cannot answer: ${reason}`, {
      retryAfterS: RETRY_COLD_S,
    })
  }

  /** Whether there is no replica that this request could be brought to. */
  #isCold({ excluded }: WantedTurn): boolean {
    return this.#models.find(this.#name)?.replicas.every(({ id }) => excluded.has(id)) ?? true
  }

  #tooLong(wanted: WantedTurn, waitedMs: number): GatewayProblem {
    const waited = `${Math.ceil(waitedMs / 1_000)} s`
    if (!this.#isCold(wanted))
      return new GatewayProblem("busy", `It was not this request's turn at ${this.#name} within ${waited}`, {
        retryAfterS: RETRY_COLD_S,
      })
    return new GatewayProblem("not_ready", `The model ${this.#name} was not up within ${waited}`, {
      retryAfterS: RETRY_COLD_S,
    })
  }

  /** The one that has the request's beginning in its cache, else the one with most room. */
  #best(free: readonly Replica[], { excluded, prefix }: Waiter): Replica {
    const able = free.filter(({ id }) => !excluded.has(id))
    const known = this.#prefixes.find(prefix)
    const load = ({ id, slots }: Replica) => (this.#busy.get(id) ?? 0) / slots
    return able.find(({ id }) => id === known) ?? able.reduce((best, each) => (load(each) < load(best) ? each : best))
  }

  #give(waiter: Waiter, replica: Replica): void {
    const { user, prefix } = waiter
    this.#busy.set(replica.id, (this.#busy.get(replica.id) ?? 0) + 1)
    const inFlight = this.#models.find(this.#name)?.inFlight
    inFlight?.(replica, 1)
    this.#prefixes.remember(prefix, replica.id)
    // What it will use is not known: it counts as one token until it is.
    this.#queue.charge(user, 1)
    let isHeld = true
    waiter.take({
      replica,
      release: (tokens) => {
        if (!isHeld) return
        isHeld = false
        const left = (this.#busy.get(replica.id) ?? 1) - 1
        if (left === 0) this.#busy.delete(replica.id)
        else this.#busy.set(replica.id, left)
        inFlight?.(replica, -1)
        this.#queue.charge(user, Math.max(0, tokens - 1))
        this.look()
      },
    })
  }
}
