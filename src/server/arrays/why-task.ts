import type { WhyAnswer } from "../../protocol/api.ts"
import { isFinal } from "../../protocol/job-state.ts"
import type { JobRecord } from "../../store/job-record.ts"
import type { Core } from "../core.ts"
import type { Viewer } from "../jobs/job-view.ts"
import { whyWaits } from "../queue/why.ts"

/** Why a task waits that has no record of its own: for itself, or with its array. `undefined` for all other jobs. */
export function whyUnbegun(core: Core, job: JobRecord, brief: boolean, viewer: Viewer): WhyAnswer | undefined {
  const { id, task, state, reason } = job
  if (task === undefined || isFinal(state) || core.table.live(id) !== undefined) return undefined
  const array = core.table.get(task.array)
  if (array.array?.waiting.has(task.index) === true) {
    const whole = whyWaits(core, array, brief, viewer)
    return whole === undefined
      ? undefined
      : { ...whole, job: id, summary: `With its array ${array.id}: ${whole.summary}` }
  }
  const isHeld = array.array?.blocked.has(task.index) !== true
  const summary = `It ${isHeld ? "is " : ""}${reason ?? "waits"}`
  return { job: id, summary, code: isHeld ? "held" : "dependency", place: null, hosts: [] }
}
