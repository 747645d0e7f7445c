import type { DataPlaceRequest } from "../../protocol/data-api.ts"
import { WindfallError } from "../../protocol/errors.ts"
import type { BlobHash } from "../../protocol/ids.ts"
import { dataNameProblem } from "../../protocol/job-data.ts"
import type { DataRecord } from "../../store/data-record.ts"
import { measureTree } from "../../workspace/diff.ts"
import { EMPTY_TREE } from "../../workspace/tree.ts"
import type { Caller } from "../auth/accounts.ts"
import type { Core } from "../core.ts"
import { refreshPlaces } from "./data-hosts.ts"
import type { ProvedPlace } from "./prove-place.ts"

const MAX_ENTRIES = 10_000_000

/** @throws {WindfallError} blobs_missing (`details.missing`), invalid_input for an empty folder, too_large */
export async function checkTree(core: Core, user: string, root: BlobHash): Promise<void> {
  await core.blobs.settled(user)
  const missing = await core.blobs.missingOfTree(user, root, core.signal)
  if (missing.length > 0) {
    throw new WindfallError("blobs_missing", `Cannot add the data: ${missing.length} blobs of it are not here`, {
      hint: "Add its folder again: windfall data add NAME DIR",
      details: { missing: missing.slice(0, 100_000) },
    })
  }
  if (root === EMPTY_TREE) {
    throw new WindfallError("invalid_input", "Cannot add the data: its folder is empty", {
      hint: "Fill the folder first, then add it again",
    })
  }
}

/**
 * Adds the tree as the next version of data of this name; the latest one again adds none. Within a change.
 * @throws {WindfallError} as {@link checkOwn}; wrong_state where hosts have it themselves
 */
export function addVersion(
  core: Core,
  caller: Caller,
  name: string,
  { root, shared }: { readonly root: BlobHash; readonly shared: boolean | null },
): DataRecord {
  const known = checkVersion(core, caller, name)
  const { blobs } = core.blobs.of(caller.user)
  const { files, bytes } = measureTree(root, (hash) => blobs.readSync(hash), MAX_ENTRIES)
  const now = core.clock.now()
  core.store.data.put({
    name,
    user: caller.user,
    shared: shared ?? known?.shared ?? false,
    createdAt: known?.createdAt ?? now,
  })
  if (known?.versions.at(-1)?.root !== root) {
    const version = core.store.data.addVersion(name, { root, files, bytes, addedAt: now })
    core.ledger.event({ type: "data_changed", name, user: caller.user, what: `version ${version} added` }, caller.user)
  }
  return stored(core, name)
}

/**
 * Notes that a host has the data at a path that was proved. Within a change.
 * @throws {WindfallError} as {@link checkOwn}; wrong_state where versions of it lie on the server
 */
export function addPlace(
  core: Core,
  caller: Caller,
  name: string,
  { hostId, path, writable, shared }: ProvedPlace & Pick<DataPlaceRequest, "writable" | "shared">,
): DataRecord {
  const known = checkPlace(core, caller, name)
  const host = core.fleet.find(hostId).record
  const now = core.clock.now()
  core.store.data.put({
    name,
    user: known?.user ?? caller.user,
    shared: shared ?? known?.shared ?? false,
    createdAt: known?.createdAt ?? now,
  })
  core.store.data.putPlace(name, { host: host.id, path, provedAt: now, problem: null, writable })
  refreshPlaces(core)
  core.wakePlanner()
  const what = `lies on ${host.name}`
  core.ledger.event({ type: "data_changed", name, user: caller.user, what }, caller.user)
  return stored(core, name)
}

/**
 * Looks whether this person may add versions under this name, before anything is sent for one.
 * @throws {WindfallError} as {@link checkOwn}; wrong_state where hosts have it themselves, not_allowed where it is another's
 */
export function checkVersion(core: Core, caller: Caller, name: string): DataRecord | undefined {
  const known = checkOwn(core, caller, name)
  if (known !== undefined && known.places.length > 0) throw otherKind(name, "it is said to lie on hosts already")
  // Versions are read from the blobs of whose data it is.
  if (known !== undefined && known.user !== caller.user) {
    throw new WindfallError("not_allowed", `Cannot add to the data ${name}: it is ${known.user}'s`, {
      hint: "Only who added it first can add versions",
    })
  }
  return known
}

/** The same for places. @throws {WindfallError} as {@link checkOwn}; wrong_state where versions of it lie on the server */
export function checkPlace(core: Core, caller: Caller, name: string): DataRecord | undefined {
  const known = checkOwn(core, caller, name)
  if (known !== undefined && known.versions.length > 0) throw otherKind(name, "a folder was added under it")
  return known
}

/**
 * The data of this name, which this person may change; `undefined` where the name is free.
 * @throws {WindfallError} invalid_input for what is no name, name_taken where it is somebody else's
 */
function checkOwn(core: Core, caller: Caller, name: string): DataRecord | undefined {
  const problem = dataNameProblem(name)
  if (problem !== null) {
    throw new WindfallError("invalid_input", `Cannot name data ${JSON.stringify(name.slice(0, 64))}: ${problem}`)
  }
  const known = core.store.data.get(name)
  if (known === undefined || known.user === caller.user || caller.role === "admin") return known
  throw new WindfallError("name_taken", `Cannot add the data ${name}: ${known.user} has data of that name`, {
    hint: "Choose another name",
  })
}

function stored(core: Core, name: string): DataRecord {
  const data = core.store.data.get(name)
  if (data === undefined) throw new TypeError(`Data ${name} was just stored and is gone`)
  return data
}

function otherKind(name: string, why: string): WindfallError {
  return new WindfallError("wrong_state", `Cannot add the data ${name}: ${why}`, {
    hint: `Choose another name, or remove it first: windfall data rm ${name}`,
  })
}
