import type { JobRecord } from "../../store/job-record.ts"
import type { Core } from "../core.ts"
import { stepOf } from "./array-view.ts"

/** What a task finds of its array in its environment. */
export function arrayVariables(core: Core, job: JobRecord): Record<string, string> {
  const { task } = job
  const array = core.table.arrayOf(job)?.array
  if (task === undefined || array === undefined) return {}
  const step = stepOf(array.all)
  return {
    WINDFALL_ARRAY_JOB: `${task.array}`,
    WINDFALL_ARRAY_INDEX: `${task.index}`,
    WINDFALL_ARRAY_COUNT: `${array.all.size}`,
    WINDFALL_ARRAY_FIRST: `${array.all.at(0)}`,
    WINDFALL_ARRAY_LAST: `${array.all.at(array.all.size - 1)}`,
    ...(step === null ? {} : { WINDFALL_ARRAY_STEP: `${step}` }),
  }
}
