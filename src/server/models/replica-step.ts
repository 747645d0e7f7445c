import type { JobState } from "../../protocol/job-state.ts"
import { isFinal } from "../../protocol/job-state.ts"
import type { ReplicaState } from "../../protocol/model-api.ts"
import type { ReplicaRecord } from "../../store/model-record.ts"
import type { HeldMore } from "./held-memory.ts"

/** The hive of a replica as it stands. */
export interface HiveLook {
  readonly state: JobState
  /** In words, as jobs say it. */
  readonly reason: string | null
  /** It ran before, and waits anew. */
  readonly wasTried: boolean
  /** Somebody has asked it to end. */
  readonly stoppedBy: string | null
  /** Its host is heard of, and nothing there is stopped for somebody's sake; else why not, in words. */
  readonly away: string | null
  /** Its processes are gone on all hosts, as far as these say. */
  readonly isGone: boolean
  /** What its main member says. */
  readonly step: string | null
  /** How its engine is built, while that is so. */
  readonly building: string | null
  readonly isReady: boolean
  /** Which of its links are slow, in words; it answers all the same. */
  readonly slow: string | null
  readonly lost: HiveLoss | null
  /** Of one that has ended: what it said last is known. */
  readonly isHeardOut: boolean
  /** Of one that has ended without a word: what its hosts say of its processes. */
  readonly silentLoss: HiveLoss | null
  /** It has run for longer than a start may take. */
  readonly isOverdue: boolean
}

export interface HiveLoss {
  readonly reason: string
  /** The same may go well another time on the same hosts. */
  readonly mayGoBetter: boolean
  /** The same may go well on another host than this one. */
  readonly host: string | null
  /** That host can take part where nothing has to listen on its own address. */
  readonly isShut?: boolean
  /** A member held more than was planned for it, and was ended for that: it is to be given more. */
  readonly held?: HeldMore
  /** Its members did not find each other over Thunderbolt: what is said of cables is not so. */
  readonly isOfCables?: boolean
}

export interface ReplicaScene {
  readonly now: number
  readonly record: ReplicaRecord
  /** It is one of those that are to answer now. */
  readonly isWanted: boolean
  readonly hive: HiveLook | null
  /** Whether a token came through the tunnel from this very hive. */
  readonly probe: "unknown" | "good" | "bad"
  readonly inFlight: number
  /** Until when what is in flight may finish, of one that ends. */
  readonly drainUntil: number | null
  /** Another place would take it at once. */
  readonly isToMove: boolean
  /** Which of its hosts is none any more, in words; `null` where all are. */
  readonly gone: string | null
  /** Of one that waits: the host that it waits for, and why, in words; `null` where it is just not its turn. */
  readonly awaited: string | null
  /** Why its members may not talk to each other any more, in words; `null` where they may. */
  readonly barred: string | null
  /** Why its hive is made to end, where it is no good any more. */
  readonly failing: HiveLoss | null
}

export type ReplicaStep =
  | { readonly do: "nothing" }
  /** It stands otherwise, or for another reason. */
  | { readonly do: "note"; readonly state: ReplicaState; readonly reason: string | null }
  /** A hive is to be planned and sent. */
  | { readonly do: "begin" }
  /** It is looked whether a token comes through. */
  | { readonly do: "probe" }
  /** Takes no new requests from now on. */
  | { readonly do: "drain"; readonly reason: string; readonly isFailure: boolean }
  /** Its hive is asked to end. */
  | { readonly do: "end" }
  /** Its hive has ended as was asked. */
  | { readonly do: "gone" }
  /** Somebody else has ended its hive: they do not want the model. */
  | { readonly do: "halt"; readonly by: string }
  | { readonly do: "lost"; readonly loss: HiveLoss }

/** Why one drains that is not to be, or is to be otherwise. */
export const MAY_FINISH = "what is in flight may finish"

const NOTHING: ReplicaStep = { do: "nothing" }

/** What is to be done about a replica now. Pure; asked anew after each change, so it must come to rest. */
export function stepOf(scene: ReplicaScene): ReplicaStep {
  const { record, isWanted, hive, now } = scene
  if (hive === null) return withoutHive(scene)
  if (isFinal(hive.state)) {
    if (!hive.isGone) return record.state === "ending" ? NOTHING : note(record, "ending", "its processes are ending")
    if (hive.lost === null && !hive.isHeardOut)
      return record.state === "ending" ? NOTHING : note(record, "starting", "its hive has ended")
    if (hive.lost !== null && record.state !== "ending") return { do: "lost", loss: hive.lost }
    if (scene.failing !== null && isWanted) return { do: "lost", loss: scene.failing }
    if (record.state === "ending" && hive.stoppedBy === "windfall") return { do: "gone" }
    if (hive.stoppedBy !== null && hive.stoppedBy !== "windfall") return { do: "halt", by: hive.stoppedBy }
    if (record.state === "ending" && !isWanted) return { do: "gone" }
    return {
      do: "lost",
      loss: hive.lost ?? hive.silentLoss ?? { reason: hive.reason ?? "its hive ended", mayGoBetter: true, host: null },
    }
  }
  if (record.state === "ending" || !isWanted) {
    if (record.state !== "ending") return { do: "drain", reason: MAY_FINISH, isFailure: false }
    const isDrained = scene.inFlight === 0 || (scene.drainUntil !== null && now >= scene.drainUntil)
    if (hive.stoppedBy === null) return isDrained ? { do: "end" } : NOTHING
    // Who waits for its end sees for whom.
    return hive.away === null ? NOTHING : note(record, "ending", hive.away)
  }
  return ofLiveHive(scene, hive)
}

function withoutHive({ record, isWanted, now }: ReplicaScene): ReplicaStep {
  if (!isWanted) return note(record, "idle", null)
  if (record.state === "degraded") return NOTHING
  if (record.state === "resting" && record.notBefore !== null && now < record.notBefore) return NOTHING
  return { do: "begin" }
}

function ofLiveHive(scene: ReplicaScene, hive: HiveLook): ReplicaStep {
  const { record, probe } = scene
  if (scene.barred !== null) return { do: "drain", reason: scene.barred, isFailure: false }
  const ofJob = `job ${record.job}`
  switch (hive.state) {
    case "held":
    case "queued": {
      // Its job is for just these hosts, and would wait for ever.
      if (scene.gone !== null) return { do: "drain", reason: scene.gone, isFailure: false }
      if (scene.isToMove) return { do: "drain", reason: "other hosts would take it at once", isFailure: false }
      const awaited = scene.awaited ?? "its turn"
      if (hive.reason === null) return note(record, "waiting", `${ofJob} waits for ${awaited}`)
      const left = `it had to leave its hosts: ${hive.reason}; it waits for ${awaited}`
      return note(record, "waiting", hive.wasTried ? left : hive.reason)
    }
    case "starting":
      return note(record, "starting", hive.reason ?? hive.building ?? `${ofJob} starts: its files travel`)
    case "suspended":
      if (scene.isToMove) return { do: "drain", reason: "other hosts would take it at once", isFailure: false }
      return note(record, "starting", hive.away ?? hive.reason ?? `${ofJob} is stopped for somebody's sake`)
    case "finishing":
      return note(record, "starting", hive.lost?.reason ?? "its hive is ending")
    default:
  }
  if (hive.lost !== null) return note(record, "starting", hive.lost.reason)
  if (hive.away !== null) return note(record, "starting", hive.away)
  if (!hive.isReady) {
    if (hive.isOverdue) return { do: "drain", reason: "it was not ready in time", isFailure: true }
    return note(record, "starting", hive.building ?? stepText(hive.step))
  }
  if (probe === "unknown") return { do: "probe" }
  if (probe === "bad") return { do: "drain", reason: "no token comes through any more", isFailure: true }
  return note(record, "ready", hive.slow)
}

function note(record: ReplicaRecord, state: ReplicaState, reason: string | null): ReplicaStep {
  return record.state === state && record.reason === reason ? NOTHING : { do: "note", state, reason }
}

const STEPS: Readonly<Record<string, string>> = {
  gather: "its members find each other",
  workers: "the engines of its members start",
  loading: "the engine loads the model",
  canary: "a first token is on its way",
}

function stepText(step: string | null): string {
  return (step === null ? undefined : STEPS[step]) ?? "its program starts"
}
