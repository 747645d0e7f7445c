import { bringText, nearModel, unknownHint } from "../../hive/hub/near-model.ts"
import { servedOptions } from "../../hive/plan/served-options.ts"
import { WindfallError } from "../../protocol/errors.ts"
import type { HostId } from "../../protocol/ids.ts"
import { modelNameProblem, type ServeRequest } from "../../protocol/model-api.ts"
import { quote } from "../../ssh/remote-script.ts"
import type { DataRecord } from "../../store/data-record.ts"
import type { ModelRecord, ReplicaRecord } from "../../store/model-record.ts"
import { type Caller, requireAdmin } from "../auth/accounts.ts"
import type { Core } from "../core.ts"
import { mayUse } from "../data/data-view.ts"
import { findData } from "../data/find-data.ts"
import { askEngines } from "./ask-engines.ts"
import { servedFacts } from "./begin-hive.ts"
import type { Models } from "./models.ts"
import { planReplica } from "./plan-replica.ts"
import { setModel } from "./take-step.ts"

/** A model to be served, checked against its weights and the pool. */
export type ServeWish = Pick<ModelRecord, "name" | "data" | "version" | "file" | "options">

/**
 * Looks whether a model could be served as asked: its weights can be read, its engine is known, and it fits on hosts that there are.
 * @throws {WindfallError} invalid_input, data_not_found, wrong_state, not_allowed, never_fits, host_not_found: nothing is changed then
 */
export async function checkServe(
  core: Core,
  models: Models,
  caller: Caller,
  name: string,
  asked: ServeRequest,
): Promise<ServeWish> {
  const known = checkAsked(core, caller, name, asked)
  const weights = weightsOf(core, caller, name, asked, known)
  const { facts } = await models.places.facts(weights)
  const wanted = servedOptions(name, facts, asked, known?.options)
  const options = { ...wanted, pins: hostNames(core, wanted.pins) }
  await askEngines(core, 0)
  const isPoolKnown = core.fleet.all().some(({ record }) => record.facts !== null)
  if (isPoolKnown) {
    const { reason } = planReplica(core, {
      facts: servedFacts(facts, options),
      options,
      user: known?.user ?? caller.user,
      avoid: new Map(),
    })
    if (reason !== null)
      throw refuse("never_fits", name, reason, `What it needs, host by host: windfall model plan FILE`)
  }
  return { name, ...weights, options }
}

/**
 * Looks whether a model of this name could be served with such options, as far as can be said without its weights: before these are sent.
 * @returns the model that has this name already
 * @throws {WindfallError} invalid_input, not_allowed, host_not_found
 */
export function checkAsked(core: Core, caller: Caller, name: string, asked: ServeRequest): ModelRecord | undefined {
  const problem = modelNameProblem(name)
  if (problem !== null) throw badName(core, caller, name, problem)
  const known = core.store.models.get(name)
  if (known !== undefined) checkRules(known, caller, "serve")
  if (asked.trustsNetwork === true) requireAdmin(caller, "accept that engines talk over a network others may reach")
  const hosts = hostNames(core, asked.pins ?? known?.options.pins ?? [])
  const replicas = asked.replicas ?? known?.options.replicas ?? 1
  if (hosts.length > 0 && replicas > hosts.length) {
    const only = hosts.length === 1 ? "the only host it may run on is" : "the only hosts it may run on are"
    throw refuse(
      "invalid_input",
      name,
      `${replicas} replicas need as many hosts, and ${only} ${hosts.join(", ")}`,
      `Name more hosts (--pin), or ask for --replicas ${hosts.length}`,
    )
  }
  return known
}

/** Each once, however often and by whichever of its names it was named. @throws {WindfallError} host_not_found */
function hostNames(core: Core, pins: readonly string[]): readonly string[] {
  return [...new Set(pins.map((pin) => core.fleet.find(pin).record.name))]
}

/** Which version of which data; the latest where data is named anew. */
function weightsOf(
  core: Core,
  caller: Caller,
  name: string,
  asked: ServeRequest,
  known: ModelRecord | undefined,
): Pick<ModelRecord, "data" | "version" | "file"> {
  if (asked.data === null) {
    if (known !== undefined) {
      const { data, version, file } = known
      if (core.store.data.get(data)?.versions.some((one) => one.version === version) !== true)
        throw refuse(
          "wrong_state",
          name,
          `its weights, version ${version} of the data ${data}, were removed`,
          `Say what it is to be served from: windfall model serve ${name} FILE|FOLDER|DATA`,
        )
      return { data, version, file: asked.file ?? file }
    }
    if (core.store.data.get(name) === undefined) throw unknownModel(core, name, "serve")
  }
  const dataName = asked.data ?? name
  const data = findWeights(core, caller, dataName, asked.file)
  const version = data.versions.at(-1)?.version
  if (version === undefined) {
    throw liesElsewhere(core, name, data, asked.file)
  }
  return { data: dataName, version, file: asked.file }
}

/** @throws {WindfallError} data_not_found, which says how it is brought where a repository of a hub may be meant */
function findWeights(core: Core, caller: Caller, name: string, file: string | null): DataRecord {
  try {
    return findData(core, caller, name, "serve")
  } catch (error) {
    const typed = file === null ? name : `${name}/${file}`
    const bring = bringText(typed)
    if (bring === null || !(error instanceof WindfallError)) throw error
    const near = nearModel(typed, namesOfData(core, caller))
    const hint = near === undefined ? bring : `Did you mean ${near}? ${bring}`
    throw new WindfallError(
      "data_not_found",
      `Cannot serve ${JSON.stringify(typed.slice(0, 128))}: there is no such data`,
      { hint },
    )
  }
}

function namesOfData(core: Core, caller: Caller): readonly string[] {
  return core.store.data
    .list()
    .filter((one) => mayUse(caller, one))
    .map(({ name }) => name)
}

/** What is to be served stands where its name is to be. */
function badName(core: Core, caller: Caller, name: string, problem: string): WindfallError {
  const known = [...core.store.models.list().map((one) => one.name), ...namesOfData(core, caller)]
  const hint = unknownHint(
    name,
    known,
    "It is named before what it is made from: windfall model serve NAME FILE|FOLDER|DATA",
  )
  return refuse("invalid_input", name, problem, hint)
}

/** What only hosts have: a hive may go to any host, which gets its weights from the server. */
function liesElsewhere(core: Core, name: string, data: DataRecord, file: string | null): WindfallError {
  const [place] = data.places
  const host = place === undefined ? "its host" : (core.fleet.get(place.host)?.record.name ?? place.host)
  const path = [place?.path ?? "FOLDER", ...(file === null ? [] : [file])].join("/")
  // Of one name there are versions, or places.
  const other = name === data.name ? `${data.name}-weights` : name
  return refuse(
    "wrong_state",
    name,
    `the data ${data.name} lies on ${host} alone, and a model is served from what the server has`,
    `Bring it into the lab from there: on ${host}, logged in by windfall login, type: windfall model pull ${quote(path)} ${other}   then: windfall model serve ${name} ${other}`,
  )
}

/** Has the model served as it was checked. Within a change. */
export function serve(core: Core, caller: Caller, wish: ServeWish): ModelRecord {
  const known = core.store.models.get(wish.name)
  if (known !== undefined) checkRules(known, caller, "serve")
  const isOther = known !== undefined && differs(known, wish)
  const isElsewhere = known !== undefined && JSON.stringify(known.options.pins) !== JSON.stringify(wish.options.pins)
  const model: ModelRecord = {
    ...wish,
    user: known?.user ?? caller.user,
    wanted: "serving",
    isAwake: true,
    generation: (known?.generation ?? 0) + (known === undefined || isOther || isElsewhere ? 1 : 0),
    reason: null,
    createdAt: known?.createdAt ?? core.clock.now(),
  }
  const what = known === undefined ? "served" : isOther || isElsewhere ? "served anew, otherwise" : "served again"
  setModel({ core, model }, {}, what, caller.user)
  const replicas = new Map(core.store.models.replicas(model.name).map((one) => [one.number, one]))
  for (let number = 1; number <= model.options.replicas; number++) {
    const before = replicas.get(number)
    // Whoever asks for it again wants it tried again.
    if (before?.job != null) {
      const isKept = !isOther && before.generation === known?.generation && runsOnlyOn(core, before, model.options.pins)
      const generation = isKept ? model.generation : before.generation
      core.store.models.putReplica({ ...before, generation, losses: 0, notBefore: null })
    } else core.store.models.putReplica({ ...FRESH, model: model.name, number, generation: model.generation })
  }
  return model
}

const FRESH = {
  state: "waiting",
  job: null,
  losses: 0,
  notBefore: null,
  readySince: null,
  reason: null,
  plan: null,
  sealedKey: null,
} as const

function runsOnlyOn({ fleet }: Core, { plan }: ReplicaRecord, pins: readonly string[]): boolean {
  if (pins.length === 0) return true
  const hosts = plan?.members.map(({ host, hostName }) => fleet.get(host as HostId)?.record.name ?? hostName)
  return hosts?.every((name) => pins.includes(name)) ?? false
}

/** Whether running replicas are others than those that are wanted now, wherever they run. */
function differs(known: ModelRecord, { data, version, file, options }: ServeWish): boolean {
  const of = (one: Pick<ModelRecord, "data" | "version" | "file" | "options">) => {
    const { engine, contextTokens, slots, kv, images, purpose } = one.options
    return JSON.stringify([one.data, one.version, one.file, engine, contextTokens, slots, kv, images, purpose])
  }
  return of(known) !== of({ data, version, file, options })
}

/** No new work, then what is in flight may finish, then its hives end. Within a change. @throws {WindfallError} */
export function stopModel(core: Core, caller: Caller, name: string): ModelRecord {
  const model = findModel(core, name, "stop")
  checkRules(model, caller, "stop")
  if (model.wanted === "stopped") return model
  const reason = `${caller.user} stopped it`
  return setModel({ core, model }, { wanted: "stopped", reason }, "stopped", caller.user)
}

/** Forgets a model that nothing runs of. Its weights stay. Within a change. @throws {WindfallError} wrong_state while something runs */
export function removeModel(core: Core, caller: Caller, name: string): void {
  const model = findModel(core, name, "remove")
  checkRules(model, caller, "remove")
  const running = core.store.models.replicas(name).filter(({ job }) => job !== null)
  if (model.wanted === "serving" || running.length > 0) {
    const why = model.wanted === "serving" ? "it is served" : "its hives are still ending"
    throw new WindfallError("wrong_state", `Cannot remove the model ${name}: ${why}`, {
      hint: model.wanted === "serving" ? `Stop it first: windfall model stop ${name}` : "Try again in a moment",
    })
  }
  core.store.models.remove(name)
  core.ledger.event({ type: "model_changed", name, user: model.user, what: "removed" }, caller.user)
}

/** @throws {WindfallError} model_not_found, with a near name */
export function findModel(core: Core, name: string, doing: string): ModelRecord {
  return core.store.models.get(name) ?? unknown(core, name, doing)
}

function unknown(core: Core, name: string, doing: string): never {
  throw unknownModel(core, name, doing)
}

function unknownModel(core: Core, name: string, doing: string): WindfallError {
  const names = core.store.models.list().map((one) => one.name)
  const otherwise =
    doing === "serve"
      ? `Say what it is made from: windfall model serve ${name} FILE|FOLDER|DATA`
      : names.length === 0
        ? "Serve one: windfall model serve NAME FILE|FOLDER|DATA"
        : `There are: ${names.slice(0, 20).join(", ")}`
  const hint = unknownHint(name, names, otherwise)
  return new WindfallError(
    "model_not_found",
    `Cannot ${doing} the model ${JSON.stringify(name.slice(0, 64))}: there is no such model`,
    { hint },
  )
}

function checkRules(model: ModelRecord, caller: Caller, doing: string): void {
  if (model.user === caller.user || caller.role === "admin") return
  throw new WindfallError("not_allowed", `Cannot ${doing} the model ${model.name}: ${model.user} serves it`, {
    hint: "Only who serves it and administrators can",
  })
}

function refuse(
  code: "invalid_input" | "never_fits" | "wrong_state",
  name: string,
  reason: string,
  hint?: string,
): WindfallError {
  return new WindfallError(code, `Cannot serve ${name.slice(0, 64)}: ${reason}`, { hint })
}
