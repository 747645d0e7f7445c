import { closest } from "../../base/closest.ts"
import { WindfallError } from "../../protocol/errors.ts"
import type { DataRecord } from "../../store/data-record.ts"
import type { Core } from "../core.ts"
import type { Viewer } from "../jobs/job-view.ts"
import { mayUse } from "./data-view.ts"

/** Data that this person may use. @throws {WindfallError} data_not_found, also for what is somebody else's alone */
export function findData(core: Core, viewer: Viewer, name: string, doing: string): DataRecord {
  const data = core.store.data.get(name)
  if (data !== undefined && mayUse(viewer, data)) return data
  const names = core.store.data
    .list()
    .filter((one) => mayUse(viewer, one))
    .map((one) => one.name)
  const near = closest(name, names)
  const hint =
    near !== undefined
      ? `Did you mean ${near}?`
      : names.length === 0
        ? "Add some: windfall data add NAME DIR"
        : `There are: ${names.slice(0, 20).join(", ")}`
  const shown = JSON.stringify(name.slice(0, 64))
  throw new WindfallError("data_not_found", `Cannot ${doing} the data ${shown}: you can use none of that name`, {
    hint,
  })
}
