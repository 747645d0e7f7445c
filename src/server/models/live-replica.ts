import type { JobRecord } from "../../store/job-record.ts"
import type { Replica } from "../gateway/served-models.ts"
import { BlamedLosses } from "./blamed-losses.ts"
import type { NeedFactors } from "./held-memory.ts"
import type { HiveTunnels } from "./hive-tunnels.ts"
import type { HiveWatch } from "./hive-watch.ts"
import type { HiveLoss } from "./replica-step.ts"
import type { TunnelAgent } from "./tunnel-agent.ts"
import { whyEnding } from "./why-ending.ts"

/** What this run of the server knows of a replica; all of it can be found out anew. */
export class LiveReplica {
  watch: HiveWatch | null = null
  agent: TunnelAgent | null = null
  /** The ways between its members, where they go through the server. */
  tunnels: HiveTunnels | null = null
  /** As the gateway has it, once a token came through. */
  served: Replica | null = null
  probe: "unknown" | "running" | "good" | "bad" = "unknown"
  probeTries = 0
  probeAgainAt: number | null = null
  /** Counts up whenever what was known of the way to its head is out of date. */
  turn = 0
  /** What the gateway's names of it begin with; `null`: it has none. */
  prefix: string | null = null
  /** Why the way to its head, as it is now, was closed; `null`: it was not, or nobody knows. */
  #closed: { why: string | null } = { why: null }
  inFlight = 0
  drainUntil: number | null = null
  isBeginning = false
  planAgainAt: number | null = null
  isToMove = false
  /** Since when its hive waits for its turn; `null`: it does not. */
  waitsSince: number | null = null
  /** Somebody asked for it again, and it was not planned since. */
  isTriedAnew = false
  failing: HiveLoss | null = null
  /** For who asks why it was away, also when it is long back. */
  lastLoss: { readonly at: number; readonly reason: string } | null = null
  readonly blamedLosses = new BlamedLosses()
  #needs: { readonly generation: number; readonly factors: NeedFactors } = { generation: 0, factors: new Map() }
  /** Hosts, by id, that could not run it: why, and until when. */
  readonly avoid = new Map<string, { readonly reason: string; readonly until: number }>()
  /** Hosts, by id, where its engine may not listen but on loopback: why, and until when. */
  readonly loopbackOnly = new Map<string, { readonly reason: string; readonly until: number }>()

  /** Hosts, by id, that do not answer over their Thunderbolt cables: why, and until when that is believed. */
  readonly withoutCables = new Map<string, { readonly reason: string; readonly until: number }>()

  /** Whether it answers is not known any more; what is under way there goes on. */
  doubt(): void {
    this.turn++
    this.served = null
    this.probe = "unknown"
    this.probeTries = 0
    this.probeAgainAt = null
  }

  /**
   * Says of the way as it is now why what was under way on it was cut, as far as is known by then.
   * @param job its hive's
   */
  whyCut(job: JobRecord | undefined): () => string | null {
    const { watch } = this
    const closed = this.#closed
    const ending = () => (watch?.isEnding === true && job !== undefined ? whyEnding(job, watch.attempt) : null)
    return () => closed.why ?? watch?.lost?.reason ?? ending()
  }

  /** The way to its head leads nowhere any more: what is under way there is cut. @param why in words, for who waits for an answer */
  forgetWay(why: string | null = null): void {
    this.doubt()
    this.#closed.why ??= why
    this.#closed = { why: null }
    this.agent?.destroy()
    this.agent = null
  }

  /** What kept it from a place may have changed: it is tried as if nothing had been, on hosts that could not run it only where no other could. */
  plansAnew(): void {
    this.isTriedAnew = true
    this.blamedLosses.clear()
    this.loopbackOnly.clear()
    this.withoutCables.clear()
    this.planAgainAt = null
  }

  /** Whether hosts are left out for a while, or are given less room than they have. @param generation of the model now */
  isBoundSomewhere(generation: number): boolean {
    return this.avoid.size + this.loopbackOnly.size + this.withoutCables.size + this.needFactors(generation).size > 0
  }

  /** How many times what is planned a member is given on hosts, by id, where it held more. @param generation of the model now: others need something else */
  needFactors(generation: number): NeedFactors {
    return this.#needs.generation === generation ? this.#needs.factors : new Map()
  }

  /** Forgets which hosts could not run it, and on which it held more than was planned. */
  forgiveHosts(): void {
    this.avoid.clear()
    this.#needs = { generation: 0, factors: new Map() }
  }

  needsMore(generation: number, host: string, factor: number): void {
    this.#needs = { generation, factors: new Map([...this.needFactors(generation), [host, factor]]) }
  }

  /** Its hive is gone, or another one. */
  forgetHive(): void {
    this.forgetWay()
    this.watch?.[Symbol.dispose]()
    this.watch = null
    this.tunnels?.[Symbol.dispose]()
    this.tunnels = null
    // Requests of it that have not ended yet are told apart by its job.
    this.prefix = null
    this.inFlight = 0
    this.drainUntil = null
    this.isToMove = false
    this.failing = null
    this.planAgainAt = null
  }
}
