import type { StoredDataView } from "../../protocol/data-api.ts"
import type { JobId } from "../../protocol/ids.ts"
import { isFinal } from "../../protocol/job-state.ts"
import type { DataRecord } from "../../store/data-record.ts"
import type { Core } from "../core.ts"
import type { Viewer } from "../jobs/job-view.ts"
import { arrivalsOf } from "./placing.ts"

/** Whether this person's jobs may use the data. */
export function mayUse(viewer: Viewer, data: Pick<DataRecord, "user" | "shared">): boolean {
  return data.shared || viewer.role === "admin" || viewer.user === data.user
}

/** Data as the API shows it to this person. */
export function dataView(core: Core, data: DataRecord, viewer: Viewer): StoredDataView {
  const hosts = core.fleet.all()
  return {
    name: data.name,
    user: data.user,
    shared: data.shared,
    createdAt: data.createdAt,
    versions: data.versions.map((version) => ({
      ...version,
      hosts: hosts
        .filter(({ channel, data: roots }) => channel !== null && roots.has(version.root))
        .map(({ record }) => record.name),
      coming: arrivalsOf(core, data.name, version.root),
    })),
    places: data.places.map((place) => ({
      ...place,
      hostName: core.fleet.get(place.host)?.record.name ?? place.host,
    })),
    jobs: jobsWith(core, data.name, (user) => viewer.role === "admin" || viewer.user === user),
  }
}

/** Unfinished jobs that were sent with data of this name, oldest first. */
export function jobsWith(core: Core, name: string, isOf: (user: string) => boolean = () => true): JobId[] {
  return [...core.table.all()]
    .filter((job) => !isFinal(job.state) && isOf(job.user) && job.spec.data.some((data) => data.name === name))
    .map(({ id }) => id)
    .sort((a, b) => a - b)
}
