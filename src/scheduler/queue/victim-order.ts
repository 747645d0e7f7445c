import type { NotSuspended, Preemption } from "./queue-plan.ts"
import type { RunningAttempt } from "./queue-scene.ts"
import type { Standing } from "./standings.ts"

/** One that may be preempted for a job. */
export interface Candidate {
  readonly attempt: RunningAttempt
  readonly standing: Standing
  readonly places: readonly number[]
  readonly mode: Preemption["mode"]
  readonly graceMs: number
  readonly by: Preemption["by"]
  /** It is stopped for this very job already. */
  readonly isStopped: boolean
  /** It is on its way out for this very job already. */
  readonly isLeaving: boolean
  /** It may run only once: it is suspended, or let be. */
  readonly mustStay: boolean
  /** By all that is known so far it would be ended, not suspended. */
  readonly losesWork: boolean
  /** Why it is not suspended, whatever room there is. */
  readonly notSuspended: NotSuspended | null
}

/** A host where a job gets room once these have made it; nobody: it has room. */
export interface Offer {
  readonly place: number
  /** In the order in which the job takes hosts. */
  readonly rank: number
  readonly victims: readonly Candidate[]
}

/**
 * Who is preempted before whom: the lowest tier, then the lowest QOS rank, then who loses least work or, by policy, who has run the shortest. On a host
 * and between hosts it is the same.
 */
export class VictimOrder {
  readonly #nowMs: number
  readonly #youngestFirst: boolean

  constructor(nowMs: number, youngestFirst: boolean) {
    this.#nowMs = nowMs
    this.#youngestFirst = youngestFirst
  }

  /** Negative: `a` is preempted before `b`. */
  readonly candidates = (a: Candidate, b: Candidate): number =>
    Number(isUnderWay(b)) - Number(isUnderWay(a)) ||
    byWorth(a, b) ||
    (this.#youngestFirst ? b.attempt.startedMs - a.attempt.startedMs : this.#lost(a) - this.#lost(b)) ||
    this.#ran(a) - this.#ran(b) ||
    b.attempt.job - a.attempt.job ||
    (b.attempt.task ?? 0) - (a.attempt.task ?? 0)

  /** Negative: the job goes to `a`. What matters most there decides, then the next, so that of equals the host goes first where fewer are preempted, then as ever. */
  readonly offers = (a: Offer, b: Offer): number => {
    const [ofA, ofB] = [asked(a), asked(b)]
    for (const [at, one] of ofA.entries()) {
      const other = ofB[at]
      const order = other === undefined ? 1 : byWorth(one, other)
      if (order !== 0) return order
    }
    if (ofB.length > ofA.length) return -1
    const sum = (some: readonly Candidate[], of: (one: Candidate) => number) =>
      some.reduce((all, one) => all + of(one), 0)
    return (
      b.victims.length - a.victims.length ||
      (this.#youngestFirst
        ? firstStart(ofB) - firstStart(ofA)
        : sum(ofA, (one) => this.#lost(one)) - sum(ofB, (one) => this.#lost(one))) ||
      sum(ofA, (one) => this.#ran(one)) - sum(ofB, (one) => this.#ran(one)) ||
      a.rank - b.rank
    )
  }

  /** Who is suspended loses nothing; who was to be and cannot stay loses as much as others. */
  #lost(one: Candidate): number {
    return one.losesWork ? this.#ran(one) : 0
  }

  #ran({ attempt }: Candidate): number {
    const { startedMs, hosts, nodes = hosts.length } = attempt
    return (this.#nowMs - startedMs) * nodes
  }
}

/** Who makes room for the job already is asked for nothing more. The one that matters most first. */
function asked({ victims }: Offer): readonly Candidate[] {
  return victims.filter((one) => !isUnderWay(one)).sort((a, b) => byWorth(b, a))
}

/** It was stopped, or asked to go, for this very job before. */
export function isUnderWay({ isStopped, isLeaving }: Candidate): boolean {
  return isStopped || isLeaving
}

function byWorth(a: Candidate, b: Candidate): number {
  return a.standing.partition.tier - b.standing.partition.tier || a.standing.qos.rank - b.standing.qos.rank
}

function firstStart(some: readonly Candidate[]): number {
  return some.reduce((first, { attempt }) => Math.min(first, attempt.startedMs), Number.MAX_SAFE_INTEGER)
}
