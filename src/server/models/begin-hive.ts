import { llamaBatchTokens } from "../../hive/engines/llama-batch.ts"
import { type ModelFacts, weightBytes } from "../../hive/model/model-facts.ts"
import { WindfallError } from "../../protocol/errors.ts"
import { standingOf, takesJobs } from "../../protocol/host-standing.ts"
import { type HostId, makeId } from "../../protocol/ids.ts"
import type { ReplicaPlan, ServeOptions } from "../../protocol/model-api.ts"
import type { ModelRecord, ReplicaRecord } from "../../store/model-record.ts"
import type { Core } from "../core.ts"
import { hostView } from "../fleet/host-view.ts"
import { stopJob } from "../jobs/stop.ts"
import { submitJobs } from "../jobs/submit.ts"
import { WINDFALL } from "../ledger.ts"
import { wakeProblem } from "../network/wake-view.ts"
import { askEngines } from "./ask-engines.ts"
import { enginePackages } from "./engine-packages.ts"
import { whoIsGone } from "./gone-hosts.ts"
import type { NeedFactors } from "./held-memory.ts"
import { storedPlan } from "./hive-plan.ts"
import { hiveSpec } from "./hive-spec.ts"
import { storeHiveWorkspace } from "./hive-workspace.ts"
import { makeOrder } from "./make-order.ts"
import { planReplica, type ReplicaChoice, type ReplicaWish } from "./plan-replica.ts"
import { readStoredModel, type StoredModel } from "./stored-model.ts"
import { store } from "./take-step.ts"

const KEY_BYTES = 32
/** So old may be what is known of a host's engines when a hive is planned by itself. */
export const ENGINES_KNOWN_MS = 60_000

export interface BeginOptions {
  readonly core: Core
  readonly model: ModelRecord
  readonly number: number
  readonly avoid: ReadonlyMap<string, string>
  readonly loopbackOnly: ReadonlyMap<string, string>
  /** Hosts, by id, that did not answer over their Thunderbolt cables, and why in words. */
  readonly withoutCables: ReadonlyMap<string, string>
  /** Hosts, by id, where a member needs more than is planned, and how many times that. */
  readonly needFactors: NeedFactors
  readonly memberFile: () => Promise<string>
  readonly packageIndex: string | null
  readonly stored: StoredModel
  /** Replicas whose hives have waited for long for hosts of which it needs some: they give these up, where it can start there at once. */
  readonly instead?: readonly ReplicaRecord[]
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
  const { core, model, number, withoutCables, needFactors, memberFile, stored } = options
  // What was lost may have been lost for what a host has no more.
  const losses = core.store.models.replicas(model.name).find((one) => one.number === number)?.losses ?? 0
  await askEngines(core, losses > 0 ? 0 : ENGINES_KNOWN_MS)
  const { facts, choice } = chosen(core, options)
  if (choice.hive === null) return choice.reason
  if (options.instead !== undefined && !choice.startsNow) return "what it could have had is taken by now"
  const plan = storedPlan(core, choice.hive, choice.network, withoutCables, needFactors)
  const secret = (encoding: "hex" | "base64url") => Buffer.from(core.randomBytes(KEY_BYTES)).toString(encoding)
  const engineKey = secret("base64url")
  const bytes = weightBytes(facts)
  const order = makeOrder({
    hive: makeId<string>("h", core.randomBytes(16)),
    name: model.name,
    options: model.options,
    plan,
    path: stored.path,
    projectorPath: model.options.images ? stored.projectorPath : null,
    ...(facts.pooling === null ? {} : { batchTokens: llamaBatchTokens(facts, model.options.contextTokens) }),
    weightBytes: bytes,
    key: secret("hex"),
    engineKey,
  })
  const packages = enginePackages(core, model.options.engine, plan, options.packageIndex)
  const workspace = await storeHiveWorkspace(core, model.user, order, await memberFile(), packages)
  await core.ledger.change(() => {
    const now = core.store.models.get(model.name)
    const record = core.store.models.replicas(model.name).find((one) => one.number === number)
    if (now === undefined || record === undefined || record.job !== null) return
    if (now.generation !== model.generation || now.wanted !== "serving" || !now.isAwake) return
    if (whoIsGone(core, plan) !== null) return
    if (!(options.instead ?? []).every((one) => giveUpWaiting(core, one, model.name))) return
    const [job] = submitJobs(core, model.user, [hiveSpec(core, now, number, plan, workspace, order, packages)])
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

/** A hive that waits for its turn lets another model have its hosts, and is planned anew. @returns whether it still waits */
function giveUpWaiting(core: Core, { model: name, number, job: id }: ReplicaRecord, to: string): boolean {
  const model = core.store.models.get(name)
  const record = core.store.models.replicas(name).find((one) => one.number === number)
  const job = id === null || record?.job !== id ? undefined : core.table.live(id)
  if (model === undefined || record === undefined || job?.state !== "queued") return false
  store({ core, model, record }, { state: "ending", reason: `${to} can start there at once, and it cannot` })
  stopJob(core, job, { now: false }, WINDFALL)
  return true
}

/** A model as it is served: without images its projector is not loaded. */
export function servedFacts(facts: ModelFacts, { images }: Pick<ServeOptions, "images">): ModelFacts {
  return images ? facts : { ...facts, projector: null }
}

type Placing = Pick<BeginOptions, "model" | "avoid" | "loopbackOnly" | "withoutCables" | "needFactors" | "stored"> &
  Pick<ReplicaWish, "without">

/** The place that is planned for it, if there is one, and what it was planned for. */
function chosen(core: Core, { model, stored, ...known }: Placing) {
  const facts = servedFacts(stored.facts, model.options)
  const { options, user } = model
  return { facts, choice: planReplica(core, { ...known, facts, options, user }) }
}

/** Where there would be a place for it, at once or once its hosts are free. */
export function placeEver(core: Core, placing: Placing): ReplicaPlan | null {
  const { choice } = chosen(core, placing)
  return choice.hive === null ? null : planOf(core, placing, choice)
}

/** Whether, and where, it could start at once elsewhere than its hive waits. */
export function placeNow(core: Core, placing: Placing): ReplicaPlan | null {
  const { choice } = chosen(core, placing)
  return choice.hive !== null && choice.startsNow ? planOf(core, placing, choice) : null
}

/** Where it could start at once, or as soon as those that sleep there are woken. */
export function placeSoon(core: Core, placing: Placing): ReplicaPlan | null {
  const now = placeNow(core, placing)
  if (now !== null) return now
  const ever = placeEver(core, placing)
  const viewer = { user: placing.model.user, role: "user" } as const
  const isSoon = ({ host: id, needBytes }: ReplicaPlan["members"][number]) => {
    const host = core.fleet.get(id as HostId)
    if (host === undefined) return false
    const view = hostView(core, host, viewer, placing.without)
    const standing = standingOf(view)
    if (standing.code === "asleep") return host.record.network.wake && wakeProblem(host.record) === null
    return takesJobs(standing) && (view.freeNowBytes ?? view.free.memoryBytes) >= needBytes
  }
  return ever?.members.every(isSoon) === true ? ever : null
}

function planOf(
  core: Core,
  { withoutCables, needFactors }: Placing,
  { hive, network }: Pick<Exclude<ReplicaChoice, { hive: null }>, "hive" | "network">,
): ReplicaPlan {
  return storedPlan(core, hive, network, withoutCables, needFactors)
}
