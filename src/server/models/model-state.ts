import type { ModelState, ReplicaState } from "../../protocol/model-api.ts"
import type { ModelRecord, ReplicaRecord } from "../../store/model-record.ts"

/** How a model stands, from its replicas. */
export function modelState(
  { wanted, isAwake }: Pick<ModelRecord, "wanted" | "isAwake">,
  replicas: readonly Pick<ReplicaRecord, "state">[],
): ModelState {
  const has = (...states: readonly ReplicaState[]) => replicas.some(({ state }) => states.includes(state))
  if (wanted === "stopped") return has("waiting", "starting", "ready", "ending") ? "stopping" : "stopped"
  if (has("ready")) return replicas.every(({ state }) => state === "ready") ? "ready" : "partly"
  if (!isAwake) return has("ending") ? "stopping" : "idle"
  if (has("starting", "ending")) return "starting"
  if (has("waiting", "resting", "idle") || replicas.length === 0) return "waiting"
  return "degraded"
}

const NEAREST: readonly ReplicaState[] = ["ready", "starting", "waiting", "resting", "ending", "idle"]

/** Why no replica will come by itself; `null` when one may. */
export function lastingProblem(model: ModelRecord, replicas: readonly ReplicaRecord[]): string | null {
  if (modelState(model, replicas) !== "degraded") return null
  return replicas.find(({ reason }) => reason !== null)?.reason ?? "it was lost too often"
}

/** How far the replica has come that is nearest to answering, for who waits for one. */
export function progressText(replicas: readonly Pick<ReplicaRecord, "state" | "reason">[]): string {
  const nearest = NEAREST.flatMap((state) => replicas.find((one) => one.state === state) ?? [])[0]
  if (nearest === undefined) return "starts"
  const word = nearest.state === "idle" ? "starting" : nearest.state
  return `is ${word}${nearest.reason === null ? "" : ` (${nearest.reason})`}`
}

/** Whether this replica is one of those that are to answer now. */
export function isWantedNow(
  { wanted, isAwake, generation, options }: ModelRecord,
  replica: Pick<ReplicaRecord, "number" | "generation" | "job">,
): boolean {
  if (wanted !== "serving" || !isAwake || replica.number > options.replicas) return false
  // One that has no hive yet is what it is to be.
  return replica.job === null || replica.generation === generation
}
