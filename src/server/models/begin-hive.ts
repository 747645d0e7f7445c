import { weightBytes } from "../../hive/model/model-facts.ts"
import { WindfallError } from "../../protocol/errors.ts"
import { makeId } from "../../protocol/ids.ts"
import type { ReplicaPlan } from "../../protocol/model-api.ts"
import type { ModelRecord, ReplicaRecord } from "../../store/model-record.ts"
import type { Core } from "../core.ts"
import { submitJobs } from "../jobs/submit.ts"
import { storedPlan } from "./hive-plan.ts"
import { hiveSpec } from "./hive-spec.ts"
import { storeHiveWorkspace } from "./hive-workspace.ts"
import { makeOrder } from "./make-order.ts"
import { planReplica } from "./plan-replica.ts"
import { readStoredModel, type StoredModel } from "./stored-model.ts"
import { store } from "./take-step.ts"

const KEY_BYTES = 32

export interface BeginOptions {
  readonly core: Core
  readonly model: ModelRecord
  readonly number: number
  readonly avoid: ReadonlyMap<string, string>
  readonly loopbackOnly: ReadonlyMap<string, string>
  readonly memberFile: () => Promise<string>
  readonly stored: StoredModel
}

/** What its sealed key is sealed for. */
export function keyContext({ model, number }: Pick<ReplicaRecord, "model" | "number">): string {
  return `hive/${model}/${number}`
}

/** The model's headers, from its data. @throws {WindfallError} data_not_found where that was removed; as readStoredModel */
export function storedModelOf(
  core: Core,
  { data: name, version, file }: Pick<ModelRecord, "data" | "version" | "file">,
): Promise<StoredModel> {
  const data = core.store.data.get(name)
  const root = data?.versions.find((one) => one.version === version)?.root
  if (data === undefined || root === undefined) {
    throw new WindfallError(
      "data_not_found",
      `Cannot serve the model: version ${version} of the data ${name} was removed`,
      {
        hint: "Bring it again: windfall model pull FILE, then windfall model serve",
      },
    )
  }
  return readStoredModel(core.blobs.of(data.user).blobs, { name, root }, file, core.signal)
}

/**
 * Plans a replica and sends its hive, once: if it has one by then, or is not wanted any more, nothing is sent.
 * @returns why there is no place for it, in words; `null` when it was sent, or need not be
 * @throws {WindfallError} as submitJobs
 */
export async function beginHive(options: BeginOptions): Promise<string | null> {
  const { core, model, number, avoid, loopbackOnly, memberFile, stored } = options
  const choice = planReplica(core, {
    facts: stored.facts,
    options: model.options,
    user: model.user,
    avoid,
    loopbackOnly,
  })
  if (choice.hive === null) return choice.reason
  const plan = storedPlan(core, choice.hive, choice.network)
  const secret = (encoding: "hex" | "base64url") => Buffer.from(core.randomBytes(KEY_BYTES)).toString(encoding)
  const engineKey = secret("base64url")
  const bytes = weightBytes(stored.facts)
  const order = makeOrder({
    hive: makeId<string>("h", core.randomBytes(16)),
    name: model.name,
    options: model.options,
    plan,
    path: stored.path,
    weightBytes: bytes,
    key: secret("hex"),
    engineKey,
  })
  const workspace = await storeHiveWorkspace(core, model.user, order, await memberFile())
  await core.ledger.change(() => {
    const now = core.store.models.get(model.name)
    const record = core.store.models.replicas(model.name).find((one) => one.number === number)
    if (now === undefined || record === undefined || record.job !== null) return
    if (now.generation !== model.generation || now.wanted !== "serving" || !now.isAwake) return
    const [job] = submitJobs(core, model.user, [hiveSpec(core, now, number, plan, workspace, order)])
    if (job === undefined) return
    store(
      { core, model: now, record },
      {
        state: "waiting",
        reason: null,
        job: job.id,
        generation: now.generation,
        plan,
        sealedKey: core.secrets.seal(engineKey, keyContext({ model: model.name, number })),
      },
    )
  })
  return null
}

/** Whether, and where, it could start at once elsewhere than its hive waits. */
export function placeNow(
  core: Core,
  options: Pick<BeginOptions, "model" | "avoid" | "loopbackOnly" | "stored">,
): ReplicaPlan | null {
  const { model, avoid, loopbackOnly, stored } = options
  const choice = planReplica(core, {
    facts: stored.facts,
    options: model.options,
    user: model.user,
    avoid,
    loopbackOnly,
  })
  return choice.hive !== null && choice.startsNow ? storedPlan(core, choice.hive, choice.network) : null
}
