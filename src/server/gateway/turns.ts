import type { Clock } from "../../base/clock.ts"
import { FairQueue, type Seat } from "../../gateway/fair-queue.ts"
import { GatewayProblem } from "../../gateway/gateway-problem.ts"
import { type ExpectedPace, type PaceSample, ReplicaPaces } from "../../gateway/replica-paces.ts"
import type { GatewayLimits } from "./gateway-limits.ts"
import { type Beginning, PrefixMemory } from "./prefix-memory.ts"
import { isOver, type Replica, type ServedModel, type ServedModels } from "./served-models.ts"

/** A place at a replica, to be given back once. */
export interface Turn {
  readonly replica: Replica
  /** How fast it is thought to be. */
  readonly expected: ExpectedPace
  /**
   * @param tokens what was used, for who is next
   * @param pace how it went, where it went well
   */
  release(tokens: number, pace?: PaceSample): void
}

export interface WantedTurn {
  readonly user: string
  /** Of its prompt, for who has it in the cache. */
  readonly beginnings: readonly Beginning[]
  /** Replicas that failed this request already. */
  readonly excluded: ReadonlySet<string>
}

interface Waiter extends WantedTurn {
  readonly take: (turn: Turn) => void
  readonly refuse: (problem: GatewayProblem) => void
}

/** Where nothing is known of how long requests take. */
const RETRY_BUSY_S = 5
const LONGEST_RETRY_S = 300
const RETRY_COLD_S = 30
/** For a token where nothing is known of a replica: a model of middle size on a Mac makes about 25 a second. */
const USUAL_TOKEN_MS = 40

export interface TurnsOptions {
  readonly name: string
  readonly models: ServedModels
  readonly limits: GatewayLimits
  /** Where users sit in the tree of shares. */
  readonly seatsOf: (user: string) => readonly Seat[]
  readonly clock: Clock
}

/** Who is served when at the replicas of one model: a bounded queue, fair among users. */
export class Turns {
  readonly #name: string
  readonly #models: ServedModels
  readonly #limits: GatewayLimits
  readonly #queue: FairQueue<Waiter>
  /** Requests under way by replica. */
  readonly #busy = new Map<string, number>()
  readonly #prefixes = new PrefixMemory()
  readonly #paces = new ReplicaPaces()
  readonly #clock: Clock
  /** How long requests took of late; 0 where that is not known. */
  #usualMs = 0

  constructor({ name, models, limits, seatsOf, clock }: TurnsOptions) {
    this.#name = name
    this.#models = models
    this.#limits = limits
    this.#clock = clock
    this.#queue = new FairQueue({ most: limits.waiting, mostOfOne: limits.waitingOfOne }, seatsOf)
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
      throw new GatewayProblem("busy", `Too many requests wait for ${this.#name}`, { retryAfterS: this.#retryS() })
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
    if (model === undefined || isOver(model)) {
      const problem = this.#goneFor(model)
      for (let each = this.#queue.take(); each !== undefined; each = this.#queue.take()) each.refuse(problem)
      return
    }
    this.#paces.keep(new Set(model.replicas.map(({ id }) => id)))
    const isFree = ({ id, slots, readings }: Replica) =>
      (this.#busy.get(id) ?? 0) < slots && readings?.isClosed !== true
    const free = () => {
      const all = model.replicas.filter(isFree)
      const sound = all.filter(({ readings }) => readings?.isDoubtful !== true)
      return sound.length > 0 ? sound : all
    }
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
        retryAfterS: this.#retryS(),
      })
    return new GatewayProblem("not_ready", `The model ${this.#name} was not up within ${waited}`, {
      retryAfterS: RETRY_COLD_S,
    })
  }

  /** About when all that wait now have had their turn. */
  #retryS(): number {
    const slots = this.#models.find(this.#name)?.replicas.reduce((sum, each) => sum + each.slots, 0) ?? 0
    if (this.#usualMs === 0 || slots === 0) return RETRY_BUSY_S
    const seconds = Math.ceil((this.#queue.size * this.#usualMs) / slots / 1_000)
    return Math.max(1, Math.min(seconds, LONGEST_RETRY_S))
  }

  /** The one that has most of the prompt in its cache, else the one that likely answers first. */
  #best(free: readonly Replica[], { excluded, beginnings }: Waiter): Replica {
    const able = free.filter(({ id }) => !excluded.has(id))
    if (able.length === 1) return able[0]!
    const known = this.#prefixes.find(beginnings, (id) => able.some((each) => each.id === id))
    const cached = able.find(({ id }) => id === known)
    if (cached !== undefined) return cached
    const loads = able.map((replica) => ({ ...replica, replica, busy: this.#busy.get(replica.id) ?? 0 }))
    return this.#paces.choose(loads, this.#clock.monotonicMs()).replica
  }

  #give(waiter: Waiter, replica: Replica): void {
    const { user, beginnings } = waiter
    const begunMs = this.#clock.monotonicMs()
    this.#busy.set(replica.id, (this.#busy.get(replica.id) ?? 0) + 1)
    const inFlight = this.#models.find(this.#name)?.inFlight
    inFlight?.(replica, 1)
    this.#prefixes.remember(beginnings, replica.id)
    // What it will use is not known: it counts as one token until it is.
    this.#queue.charge(user, 1)
    let isHeld = true
    waiter.take({
      replica,
      expected: this.#paces.expected(replica.id, replica.plannedTokenMs ?? USUAL_TOKEN_MS),
      release: (tokens, pace) => {
        if (!isHeld) return
        isHeld = false
        const nowMs = this.#clock.monotonicMs()
        this.#usualMs = this.#usualMs === 0 ? nowMs - begunMs : 0.9 * this.#usualMs + 0.1 * (nowMs - begunMs)
        if (pace !== undefined) this.#paces.note(replica.id, pace, nowMs)
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
