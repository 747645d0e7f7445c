import type { JobId } from "../../protocol/ids.ts"
import { jobNumber } from "../../protocol/job-array.ts"
import type { JobNames } from "../../scheduler/job-names.ts"
import type { Core } from "../core.ts"

/** Jobs as `ps` calls them. */
export function namesOf({ table }: Core): JobNames {
  return (job) => jobNumber(table.live(job as JobId) ?? { id: job })
}
