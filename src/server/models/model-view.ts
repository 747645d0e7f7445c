import type { ModelView, ReplicaView } from "../../protocol/model-api.ts"
import type { ModelRecord, ReplicaRecord } from "../../store/model-record.ts"
import type { Core } from "../core.ts"
import { leftOutHosts } from "./left-out-hosts.ts"
import { lastingProblem, modelState } from "./model-state.ts"
import type { Models } from "./models.ts"

/** A model as the API shows it. */
export function modelView(core: Core, models: Models, model: ModelRecord): ModelView {
  const records = core.store.models.replicas(model.name)
  const { name, user, data, version, file, options, createdAt } = model
  const found = core.store.data.get(data)?.versions.find((one) => one.version === version)
  return {
    name,
    user,
    state: modelState(model, records),
    reason: model.reason ?? lastingProblem(model, records),
    weights: { data, version, file, bytes: found?.bytes ?? 0 },
    options,
    createdAt,
    usedAt: models.use.usedAt(name),
    replicas: records.map((record) => replicaView(core, models, model, record)),
  }
}

function replicaView(core: Core, models: Models, model: ModelRecord, record: ReplicaRecord): ReplicaView {
  const { number, state, reason, job, losses, notBefore, readySince, plan } = record
  const live = models.liveOf(record)
  const leftOut = leftOutHosts(core, live)
  return {
    number,
    state,
    ...(job !== null && record.generation !== model.generation ? { isFormer: true } : {}),
    reason,
    job,
    losses,
    nextTryAt: state === "resting" ? notBefore : null,
    ...(leftOut.length === 0 ? {} : { leftOut }),
    lastLoss: live.lastLoss,
    readySince,
    plan: job === null ? null : plan,
    engineVersion: live.watch?.ready?.version ?? null,
    inFlight: live.inFlight,
  }
}
