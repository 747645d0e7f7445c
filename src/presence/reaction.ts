import { type Demand, demandOn, mindsOwner } from "./demand.ts"
import { heldBy } from "./held-by.ts"
import { memoryNeed } from "./memory-need.ts"
import { msBetween } from "./moment.ts"
import { LOOK_HOLDS_MS, type OwnerObstacle, type Scene, startObstacles } from "./obstacle.ts"
import { KILL_AGAIN_MS, type Phase } from "./phase.ts"
import { ifKnown } from "./reading.ts"
import { lookWithinMs, wakeWithinMs } from "./timers.ts"
import { causeOf, type OwnersCause, type Why } from "./why.ts"

/** An attempt on the Mac, as whoever runs it knows it. Times are of the clock that counts sleep. */
export interface RunningAttempt {
  readonly id: string
  readonly startedMs: number
  readonly stopSignal: string
  readonly graceMs: number
  /** Since when its tree is stopped, if it was so when it was taken over from another agent. */
  readonly suspendedSinceMs: number | null
}

/** All that is kept from step to step. */
export interface ReactionState {
  readonly attempts: ReadonlyMap<string, Phase>
  /** Since when the load that is not of jobs is high: HTCondor's CpuBusyTimer. */
  readonly busySinceMs: number | null
}

export const NOTHING_DONE: ReactionState = { attempts: new Map(), busySinceMs: null }

/** What is to be done to an attempt now. Each is done once, and may be repeated without harm. */
export type Action = { readonly attempt: string } & (
  | { readonly do: "suspend"; readonly why: Why }
  | { readonly do: "continue" }
  | { readonly do: "yield"; readonly why: Why }
  /** Ends `yield`. */
  | { readonly do: "restore" }
  /** Its signal; where it is stopped it goes on to hear it. Then the grace. */
  | {
      readonly do: "vacate"
      readonly why: Why
      readonly cause: OwnersCause
      readonly signal: string
      readonly graceMs: number
      readonly isStopped: boolean
    }
  | { readonly do: "kill" }
)

export interface Reaction {
  readonly state: ReactionState
  /** What keeps jobs from starting; nothing when they may. */
  readonly startObstacles: readonly OwnerObstacle[]
  readonly actions: readonly Action[]
  /** Of those that are suspended: what keeps them so now, where that can be told. */
  readonly held: ReadonlyMap<string, Why>
  /** The next look is due within this. */
  readonly lookWithinMs: number
  /** The next step is due within this, with or without a look. */
  readonly wakeWithinMs: number
}

/**
 * One step: what the owner's rules want done now. Called after each look, after each word of the owner, and when
 * `wakeWithinMs` is over. The tables: README.md.
 *
 * @param attempts all that live on the Mac; what is not among them is forgotten
 * @param evicts the owner wants all jobs gone at once
 */
export function react(
  before: ReactionState,
  scene: Scene,
  attempts: readonly RunningAttempt[],
  evicts = false,
): Reaction {
  const busySinceMs = busySince(before, scene)
  const nowMs = scene.now.sleepCountingMs
  const busyForMs = busySinceMs === null ? 0 : nowMs - busySinceMs
  const phases = new Map<string, Phase>()
  const actions: Action[] = []
  const held = new Map<string, Why>()
  for (const attempt of attempts) {
    let phase = before.attempts.get(attempt.id) ?? firstPhase(attempt)
    const demand: Demand | undefined = evicts
      ? { to: "vacate", why: { code: "evicted" } }
      : demandOn(scene, nowMs - attempt.startedMs, busyForMs)
    // Going on and yielding, where a stopped one only needs to yield, are two steps.
    for (;;) {
      const step = nextPhase(phase, attempt, demand, scene)
      if (step === undefined) break
      actions.push(step.action)
      phase = step.phase
    }
    phases.set(attempt.id, withSwap(phase, scene))
    const why = phase.phase === "suspended" ? heldBy(scene, demand) : undefined
    if (why !== undefined) held.set(attempt.id, why)
  }
  const state = { attempts: phases, busySinceMs }
  const obstacles = startObstacles(scene)
  return {
    state,
    startObstacles: obstacles,
    actions,
    held,
    lookWithinMs: lookWithinMs(scene, attempts.length > 0),
    wakeWithinMs: wakeWithinMs(scene, [...phases.values()]),
  }
}

interface Step {
  readonly phase: Phase
  readonly action: Action
}

function firstPhase({ suspendedSinceMs }: RunningAttempt): Phase {
  return suspendedSinceMs === null
    ? { phase: "running" }
    : { phase: "suspended", sinceMs: suspendedSinceMs, swapBeforeBytes: null }
}

function nextPhase(phase: Phase, attempt: RunningAttempt, demand: Demand | undefined, scene: Scene): Step | undefined {
  const nowMs = scene.now.sleepCountingMs
  switch (phase.phase) {
    case "running":
      return demand && follow(demand, false, attempt, scene)
    case "yielding": {
      const need = needOf(phase.swapBeforeBytes, scene)
      if (need !== undefined) return vacate({ code: "memory_needed", reason: need }, false, attempt, scene)
      if (demand?.to === "yield") return undefined
      if (demand !== undefined) return follow(demand, false, attempt, scene)
      if (!hasBeenQuiet(scene)) return undefined
      return { phase: { phase: "running" }, action: { do: "restore", attempt: attempt.id } }
    }
    case "suspended": {
      if (demand?.to === "vacate") return vacate(demand.why, true, attempt, scene)
      const need = needOf(phase.swapBeforeBytes, scene)
      if (need !== undefined) return vacate({ code: "memory_needed", reason: need }, true, attempt, scene)
      if (demand?.to !== "suspend" && mayContinue(scene, nowMs - phase.sinceMs)) {
        return { phase: { phase: "running" }, action: { do: "continue", attempt: attempt.id } }
      }
      const limitMs = scene.policy.values.vacateAfterMs
      if (nowMs - phase.sinceMs <= limitMs) return undefined
      const behind = demand?.why
      const why: Why = { code: "suspended_too_long", limitMs, ...(behind === undefined ? {} : { behind }) }
      return vacate(why, true, attempt, scene, behind)
    }
    case "vacating":
      return nowMs - phase.sinceMs > phase.graceMs ? kill(attempt, nowMs) : undefined
    case "killing":
      return nowMs - phase.sinceMs > KILL_AGAIN_MS ? kill(attempt, nowMs) : undefined
  }
}

function follow({ to, why }: Demand, isStopped: boolean, attempt: RunningAttempt, scene: Scene): Step {
  if (to === "vacate") return vacate(why, isStopped, attempt, scene)
  const phase = to === "suspend" ? "suspended" : "yielding"
  return {
    phase: { phase, sinceMs: scene.now.sleepCountingMs, swapBeforeBytes: null },
    action: { do: to, attempt: attempt.id, why },
  }
}

function vacate(why: Why, isStopped: boolean, attempt: RunningAttempt, scene: Scene, behind?: Why): Step {
  const askedMs = scene.policy.manners.vacateGraceMs ?? attempt.graceMs
  // Somebody waits for the memory: that is there after a minute, whatever the job asked for.
  const isHurried = why.code === "memory_needed" && scene.policy.manners.vacateGraceMs === null
  const graceMs = isHurried ? Math.min(askedMs, MOST_GRACE_FOR_MEMORY_MS) : askedMs
  return {
    phase: { phase: "vacating", sinceMs: scene.now.sleepCountingMs, graceMs },
    action: {
      do: "vacate",
      attempt: attempt.id,
      why,
      cause: causeOf(why, behind),
      signal: attempt.stopSignal,
      graceMs,
      isStopped,
    },
  }
}

const MOST_GRACE_FOR_MEMORY_MS = 45_000

function kill(attempt: RunningAttempt, nowMs: number): Step {
  return { phase: { phase: "killing", sinceMs: nowMs }, action: { do: "kill", attempt: attempt.id } }
}

/** A Mac that nobody sits at may use all of its memory for jobs. */
function needOf(swapBeforeBytes: number | null, scene: Scene): string | undefined {
  const { manners, values } = scene.policy
  if (!manners.vacatesForMemory || !mindsOwner(scene)) return undefined
  return memoryNeed(scene.conditions, values, swapBeforeBytes)
}

function mayContinue(scene: Scene, suspendedForMs: number): boolean {
  const { values, manners } = scene.policy
  if (suspendedForMs <= manners.minSuspendedMs && manners.minSuspendedMs > 0) return false
  if (
    manners.load !== null &&
    !((ifKnown(scene.conditions.foreignLoad) ?? Number.POSITIVE_INFINITY) <= manners.load.idleLoad)
  ) {
    return false
  }
  return values.onReturn === "ignore" || values.onReturn === "yield" || hasBeenQuiet(scene)
}

function hasBeenQuiet({ watch, now, policy }: Scene): boolean {
  if (watch === undefined || watch.presence.state !== "away") return false
  // Zero after a look that was not quiet.
  return watch.quietMs > policy.values.resumeAfterIdleMs && msBetween(watch.at, now) <= LOOK_HOLDS_MS
}

function busySince({ busySinceMs }: ReactionState, { conditions, policy, now }: Scene): number | null {
  const { load } = policy.manners
  const isBusy = load !== null && (ifKnown(conditions.foreignLoad) ?? 0) >= load.busyLoad
  return isBusy ? (busySinceMs ?? now.sleepCountingMs) : null
}

function withSwap(phase: Phase, { conditions }: Scene): Phase {
  if (phase.phase !== "suspended" && phase.phase !== "yielding") return phase
  return phase.swapBeforeBytes !== null
    ? phase
    : { ...phase, swapBeforeBytes: ifKnown(conditions.swapUsedBytes) ?? null }
}
