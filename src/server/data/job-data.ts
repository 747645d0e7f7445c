import type { OrderData } from "../../protocol/data-wire.ts"
import { WindfallError } from "../../protocol/errors.ts"
import type { BlobHash, HostId } from "../../protocol/ids.ts"
import type { JobSpec } from "../../protocol/job.ts"
import { dataPathTaken, type JobData } from "../../protocol/job-data.ts"
import type { JobRecord } from "../../store/job-record.ts"
import { decodeTree } from "../../workspace/tree.ts"
import type { Core } from "../core.ts"
import { findData } from "./find-data.ts"

/**
 * The job's data as it is now: with the version that the job will have, whatever is added later. Within a change.
 * @throws {WindfallError} data_not_found, wrong_state where no host has it any more
 */
export function resolveData(core: Core, user: string, { data }: JobSpec): readonly JobData[] {
  return data.map((wanted) => {
    const viewer = { user, role: roleOf(core, user) }
    const found = findData(core, viewer, wanted.name, "send a job with")
    if (found.versions.length === 0) {
      if (found.places.length > 0) return { ...wanted, version: null, root: null, bytes: 0 }
      throw new WindfallError(
        "wrong_state",
        `Cannot send a job with the data ${wanted.name}: no host has it any more`,
        {
          hint: `Say where it lies: windfall data add ${wanted.name} --on HOST:PATH`,
        },
      )
    }
    const version =
      wanted.version === null ? found.versions.at(-1) : found.versions.find((one) => one.version === wanted.version)
    if (version !== undefined) return { ...wanted, version: version.version, root: version.root, bytes: version.bytes }
    const has = found.versions.map((one) => one.version).join(", ")
    throw new WindfallError(
      "data_not_found",
      `Cannot send a job with version ${wanted.version} of the data ${wanted.name}: it was removed`,
      { hint: `There are: ${has}. Send the job anew for the latest` },
    )
  })
}

/** What of the sender's folder, all of which is here, lies in the way. @throws {WindfallError} invalid_input */
export function checkDataPaths(core: Core, user: string, { data, workspace }: JobSpec): void {
  if (workspace !== null) for (const wanted of data) checkPathIsFree(core, user, workspace, wanted)
}

function roleOf(core: Core, user: string): "user" | "admin" {
  return core.store.accounts.users().find(({ name }) => name === user)?.role ?? "user"
}

function checkPathIsFree(core: Core, user: string, workspace: BlobHash, { name, path }: JobData): void {
  const { blobs } = core.blobs.of(user)
  let tree = workspace
  const parts = path.split("/")
  for (const [i, part] of parts.entries()) {
    const entry = decodeTree(blobs.readSync(tree)).find((one) => one.name === part)
    if (entry === undefined) return
    if (entry.kind === "folder" && i < parts.length - 1) {
      tree = entry.hash
      continue
    }
    const what = parts.slice(0, i + 1).join("/")
    throw dataPathTaken({ name, path }, what, entry.kind)
  }
}

/**
 * The job's data as its attempt on this host gets it; in words what is wrong, where it was removed meanwhile.
 * @param rank which member it is, of a job on several hosts
 */
export function orderData(core: Core, job: JobRecord, host: HostId, rank = 0): readonly OrderData[] | string {
  const orders: OrderData[] = []
  if (!getsData(job, rank)) return orders
  for (const { name, path, version, root, bytes } of job.spec.data) {
    const found = core.store.data.get(name)
    const there = found?.places.find((one) => one.host === host)
    const place = there?.path ?? null
    const isThere =
      root === null ? place !== null : found?.versions.some((one) => one.root === root && one.version === version)
    if (isThere !== true) return `the data ${name} was removed after the job was sent`
    if (root === null) orders.push({ name, path, root, bytes, place, writable: there?.writable === true })
    else orders.push({ name, path, root, bytes, place: null })
  }
  return orders
}

/** Whether this member of it gets the job's data: workers of some engines are sent what they need by the head. */
export function getsData({ spec }: JobRecord, rank: number): boolean {
  return spec.gang?.members?.[rank]?.hasData !== false
}
